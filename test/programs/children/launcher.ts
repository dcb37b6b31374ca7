import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { silentLog } from '../../../platform/log.ts';
import { openPlatform } from '../../../platform/current.ts';
import { createChildLink } from '../../../supervisor/child/server-link.ts';
import { createServerControl } from '../../../supervisor/server.ts';
import type { ServerOptions } from '../../../supervisor/server-options.ts';

/** The part of a launcher that supervises: adopts or starts the server of the options file, and says what happens. */
const optionsFile = process.argv[2] ?? '';
const options = JSON.parse(readFileSync(optionsFile, 'utf8')) as Omit<ServerOptions, 'launcherUrl'>;
const platform = openPlatform();
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
