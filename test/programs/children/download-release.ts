import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlatform } from '../../../platform/current.ts';
import { silentLog } from '../../../platform/log.ts';
import { createReleaseSource } from '../../../installer/repository/signed-repository.ts';

/** A launcher that does nothing but download, to be killed: URL, state folder (with the first root), target folder. */
const [location = '', stateFolder = '', folder = ''] = process.argv.slice(2);
const { clock, files, network } = openPlatform();
const opened = createReleaseSource(
  { clock, files, network, log: silentLog },
  {
    location,
    stateFolder,
    product: 'business',
    channel: 'stable',
    platform: 'linux-x64',
    root: readFileSync(join(stateFolder, 'root.json')),
  },
);
if (!opened.ok) throw new Error(opened.fault.detail);
const releases = await opened.value.refresh();
if (!releases.ok) throw new Error(releases.fault.detail);
const [release] = releases.value;
if (release === undefined) throw new Error('no release');
const downloaded = await opened.value.download(release, folder, {});
await opened.value.close();
if (!downloaded.ok) throw new Error(downloaded.fault.detail);
