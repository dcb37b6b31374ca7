import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../kit/free-port.ts';
import { type Program, runProgram, runScript } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';
import { askServer } from '../../bench/supervise/tiny-client.ts';

const LAUNCHER = join(import.meta.dirname, '../../../launcher/main.ts');
const MANAGER = join(import.meta.dirname, '../../programs/service-manager.pl');
const NEEDED = ['/usr/bin/systemd-notify', '/usr/bin/perl'];
const lacking = NEEDED.filter((program) => !existsSync(program));
const NOT_RUN = `not run: needs ${lacking.join(', ')} (Linux; apt-get install systemd perl-base)`;
if (lacking.length > 0) console.error(NOT_RUN);

const WATCHDOG_MS = 2_000;
const LONG_MS = 90_000;
/** Answers each connection with its pid, as the tiny server of the bench does. */
const SERVER = `const { createServer } = require('node:net');
createServer((socket) => socket.on('error', () => {}).end(process.pid + '\\n')).listen(Number(process.argv[1]), '127.0.0.1');`;

test.runIf(lacking.length > 0 && process.env['CI'] === 'true')('the programs are there', () =>
  expect.unreachable(NOT_RUN),
);

test.skipIf(lacking.length > 0)(
  'a service manager hears of the launcher; a hung launcher goes without its server, and the next one takes it over',
  { timeout: LONG_MS },
  async () => {
    const site = await makeSite();
    const manager = await listen(join(site.folder, 'notify'));
    const first = site.launch(manager.address);
    await manager.says(/READY=1/);
    await manager.says(/STATUS=The server is running/);
    const server = await until(() => askServer(site.port));
    const environment = readFileSync(`/proc/${server}/environ`, 'latin1');
    expect(environment).toContain('OM_LAUNCH_NONCE');
    expect(environment).not.toMatch(/NOTIFY_SOCKET|WATCHDOG_/);
    await until(() => manager.count(/WATCHDOG=1/) >= 4);

    first.signal('SIGSTOP');
    const pings = manager.count(/WATCHDOG=1/);
    await new Promise((resolve) => setTimeout(resolve, WATCHDOG_MS + 500));
    expect(manager.count(/WATCHDOG=1/)).toBeLessThanOrEqual(pings + 1);
    expect(await askServer(site.port)).toBe(server);
    // systemd's WatchdogSignal to a launcher that comes to itself just then.
    first.signal('SIGTERM');
    first.signal('SIGCONT');
    expect(await first.ended).toBe(0);
    expect(await askServer(site.port)).toBe(server);

    const abstract = await listen(`@om-launcher-test-${process.pid}`);
    const second = site.launch(abstract.address);
    await second.said(/the running server is adopted/);
    await abstract.says(/READY=1/);
    second.signal('SIGSTOP');
    second.signal('SIGKILL');
    await second.ended;
    expect(await askServer(site.port)).toBe(server);

    // Without a watchdog no stand-still of a busy machine is taken for one.
    const third = site.launch(manager.address, 'unwatched');
    await third.said(/the running server is adopted/);
    await until(() => manager.count(/READY=1/) === 2);
    expect(await askServer(site.port)).toBe(server);
    third.signal('SIGTERM');
    await manager.says(/STOPPING=1.*EXTEND_TIMEOUT_USEC=\d+/);
    expect(await third.ended).toBe(0);
    await manager.says(/STATUS=The server is stopped/);
    expect(await askServer(site.port)).toBeUndefined();
  },
);

async function makeSite() {
  const folder = temporaryFolder('notify');
  const port = await freePort();
  const bundle = join(folder, 'bundle');
  mkdirSync(bundle);
  const file = join(folder, 'om-launcher.json');
  const configuration = {
    name: 'notify',
    folder,
    bundle,
    stateFolder: join(folder, 'state'),
    server: {
      command: process.execPath,
      args: ['-e', SERVER, String(port)],
      health: { probes: [{ type: 'tcp', port }] },
    },
    port: { listen: '127.0.0.1:0' },
    language: 'en',
  };
  writeFileSync(file, JSON.stringify(configuration));
  const launch = (address: string, watchdog: 'watched' | 'unwatched' = 'watched'): Program => {
    const watched = watchdog === 'watched' ? { WATCHDOG_USEC: String(WATCHDOG_MS * 1_000) } : {};
    return runScript(LAUNCHER, ['run', '--config', file], { environment: { NOTIFY_SOCKET: address, ...watched } });
  };
  return { folder, port, launch };
}

/** A real receiver of datagrams. */
async function listen(address: string) {
  const program = runProgram('/usr/bin/perl', [MANAGER, address]);
  await program.said(/^listening$/m);
  const count = (pattern: RegExp): number =>
    program
      .output()
      .split('\n')
      .filter((line) => pattern.test(line)).length;
  return { address, count, says: async (pattern: RegExp) => program.said(pattern) };
}
