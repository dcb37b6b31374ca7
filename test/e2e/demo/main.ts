import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { waitForever } from './keep.ts';
import { playScenes } from './scenes.ts';
import { printReport, reportOf } from './report.ts';
import { openDemoSite } from './demo-site.ts';

/**
 * `npm run demo [-- --json] [-- --keep] [-- --exe]`: one server from the first order to the last mail, on this machine, as
 * any user, without a network. Ends with a table (or one JSON object) of what was seen, and with 1 if something was not.
 */
const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    exe: { type: 'boolean', default: false },
  },
});

const EXECUTABLE = resolve(import.meta.dirname, '../../../dist/om-launcher');
const say = options.json ? (): void => undefined : (line: string): void => console.log(line);

const folder = makeTemporaryFolder('demo');
const site = await openDemoSite(folder.path, options.exe ? [EXECUTABLE] : undefined, say);
let ok = false;
try {
  const report = reportOf(await playScenes(site, say));
  printReport(report, options.json);
  ok = report.ok;
  if (options.keep) {
    await waitForever(site, say);
  }
} finally {
  await site.close();
  folder.remove();
}
process.exitCode = ok ? 0 : 1;
