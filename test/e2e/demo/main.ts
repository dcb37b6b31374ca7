import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { waitUntil } from './keep.ts';
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

const INTERRUPTED = 130;

// Once: whoever cannot wait for the clearing up presses Ctrl-C again.
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => undefined);
const folder = makeTemporaryFolder('demo');
const site = await openDemoSite(folder.path, options.exe ? [EXECUTABLE] : undefined, say);
let status = INTERRUPTED;
try {
  const seen = await Promise.race([playScenes(site, say), interrupted]);
  if (seen) {
    const report = reportOf(seen);
    printReport(report, options.json);
    status = report.ok ? 0 : 1;
    if (options.keep) await waitUntil(interrupted, site, say);
  } else say('Interrupted: everything is stopped and removed.');
} finally {
  await site.close();
  folder.remove();
}
// Scenes that were interrupted still wait for what does not come any more.
process.exit(status);
