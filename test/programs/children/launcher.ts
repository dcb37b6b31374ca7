import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { silentLog } from '../../../platform/log.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Platform } from '../../../platform/platform.ts';
import { createChildLink } from '../../../supervisor/child/server-link.ts';
import { createServerControl } from '../../../supervisor/server.ts';
import type { ServerOptions } from '../../../supervisor/server-options.ts';

/**
 * The part of a launcher that supervises: adopts or starts the server of the options file, and says what happens.
 *
 * With `before N` or `after N` it dies by SIGKILL just before or after its N-th act that lasts (file or process).
 */
const [optionsFile = '', moment, act = '0'] = process.argv.slice(2);
const options = JSON.parse(readFileSync(optionsFile, 'utf8')) as Omit<ServerOptions, 'launcherUrl'>;
const platform = mortal(openPlatform());
const link = createChildLink(platform.clock, randomBytes);
const control = createServerControl(
  { ...platform, link, log: silentLog, random: randomBytes },
  { ...options, launcherUrl: () => 'http://127.0.0.1:9' },
);
control.subscribe((event) => {
  if (event.kind === 'started' || event.kind === 'adopted' || event.kind === 'ready') {
    console.log(`${event.kind} ${event.process.pid}`);
  }
});
console.log('begins');
await control.adopt();
const started = await control.start();
console.log(started.ok ? `up ${started.value.process.pid}` : `failed ${started.fault.code} ${started.fault.detail}`);
setInterval(() => undefined, 60_000);

function mortal(given: Platform): Platform {
  let acts = 0;
  const dying = async <Value>(perform: () => Promise<Value>): Promise<Value> => {
    acts += 1;
    const isLast = acts === Number(act);
    if (isLast && moment === 'before') process.kill(process.pid, 'SIGKILL');
    const value = await perform();
    if (isLast && moment === 'after') process.kill(process.pid, 'SIGKILL');
    return value;
  };
  const { files, processes } = given;
  return {
    ...given,
    files: {
      ...files,
      // The catalogue of the output is written in the background: its moment is not one of the start.
      writeDurably: (path, content, mode) =>
        path.endsWith('server-output.json')
          ? files.writeDurably(path, content, mode)
          : dying(() => files.writeDurably(path, content, mode)),
      renameNew: (from, to) => dying(() => files.renameNew(from, to)),
    },
    processes: { ...processes, spawnDetached: (request) => dying(() => processes.spawnDetached(request)) },
  };
}
