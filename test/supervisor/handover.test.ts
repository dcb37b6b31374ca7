import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { createListeningSockets } from '../../platform/linux/listening-socket.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import { freePort } from '../kit/free-port.ts';
import { launcherCommand } from '../kit/launcher-command.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';
import { faultIn, valueOf } from './outcomes.ts';
import { controlOf, type Supervised, serverOptions } from './supervised.ts';

const LIMIT_MS = 60_000;
/** A hundred real updates are in `npm run bench -- downtime`. */
const ROUNDS = 20;
const openListeningSocket = createListeningSockets(launcherCommand());
/** How long the launcher keeps a port for a server that is to come up again. */
const KEPT_MS = 30_000;

describe.runIf(process.platform === 'linux')('a server that gets its port from the launcher', () => {
  it('is restarted after a crash without a refused connection', { timeout: LIMIT_MS }, async () => {
    const { control, port } = await handingOver((given) => ({ ...given, restart: { ...given.restart, stableMs: 0 } }));
    const first = valueOf(await control.start()).process;
    expect(await ask(port)).toBe(String(first.pid));
    process.kill(first.pid, 'SIGKILL');
    const next = await ask(port);
    expect(next).toMatch(/^[0-9]+$/);
    expect(next).not.toBe(String(first.pid));
  });

  it('is stopped and started again, and nobody is refused', { timeout: 2 * LIMIT_MS }, async () => {
    const { control, port } = await handingOver();
    valueOf(await control.start());
    const answers: string[] = [];
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) answers.push(await ask(port));
    })();
    for (let round = 0; round < ROUNDS; round += 1) {
      valueOf(await control.stop({ startsAgain: true }));
      valueOf(await control.start());
    }
    over.abort();
    await asking;
    const served = answers.filter((answer) => /^[0-9]+$/.test(answer));
    expect(answers.filter((answer) => !served.includes(answer) && answer !== CUT)).toEqual([]);
    expect(new Set(served).size).toBeGreaterThan(ROUNDS / 2);
  });

  it('refuses who connects while it is stopped for good, and serves them after its next start', async () => {
    const { control, port } = await handingOver();
    valueOf(await control.start());
    valueOf(await control.stop());
    expect(await ask(port)).toBe('ECONNREFUSED');
    const { process: next } = valueOf(await control.start());
    expect(await ask(port)).toBe(String(next.pid));
  });

  it('refuses who connects while it waits for its next try', async () => {
    const { control, port } = await handingOver((given) => ({
      ...given,
      restart: { ...given.restart, firstDelayMs: 60_000 },
    }));
    const { process: server } = valueOf(await control.start());
    process.kill(server.pid, 'SIGKILL');
    await until(() => control.state().kind === 'waiting');
    expect(await ask(port)).toBe('ECONNREFUSED');
  });

  it('lets nobody wait for ever when it does not come up again', async () => {
    const { clock } = openPlatform();
    const quick: Platform['clock'] = {
      ...clock,
      sleep: (milliseconds, signal) => clock.sleep(milliseconds === KEPT_MS ? 200 : milliseconds, signal),
    };
    const { control, port, log } = await handingOver(undefined, { clock: quick });
    valueOf(await control.start());
    valueOf(await control.stop({ startsAgain: true }));
    // Accepted by the system, and cut off once the launcher gives the port up.
    expect(await ask(port)).toBe('ECONNRESET');
    expect(await ask(port)).toBe('ECONNREFUSED');
    expect(log.messages().join()).toContain('has not come up again');
  });

  it('is not started while a stranger has the port, who is named', async () => {
    const { control, port } = await handingOver();
    const source = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`;
    const stranger = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    await once(stranger.stdout, 'data');
    const named = { code: 'server-port-taken', values: { port, pid: stranger.pid } };
    expect(faultIn(await control.start())).toMatchObject(named);
  });

  it('gets a new port from the launcher that took it over', { timeout: LIMIT_MS }, async () => {
    const first = await handingOver();
    const { process: server } = valueOf(await first.control.start());
    await first.control.detach();
    const { control, port } = controlOf(first.folder, first.port, first.options, false, { openListeningSocket });
    expect(await control.adopt()).toEqual(server);
    await until(() => control.state().kind === 'up');
    expect(await ask(port)).toBe(String(server.pid));
    valueOf(await control.stop({ startsAgain: true }));
    const { process: next } = valueOf(await control.start());
    expect(await ask(port)).toBe(String(next.pid));
    valueOf(await control.stop({ startsAgain: true }));
    const answer = ask(port);
    const { process: last } = valueOf(await control.start());
    expect(await answer).toBe(String(last.pid));
  });
});

/** An open connection of a server that is stopped is no refusal. */
const CUT = 'ECONNRESET';

async function handingOver(
  change: (options: ServerOptions) => ServerOptions = (options) => options,
  changed: Partial<Platform> = {},
): Promise<Supervised> {
  const folder = temporaryFolder('handover');
  const port = await freePort();
  for (const name of ['bundle', 'state']) mkdirSync(join(folder, name));
  const options: ServerOptions = {
    ...serverOptions(folder, port, ['--inherited']),
    handover: { host: '127.0.0.1', port },
    probes: [{ kind: 'http', url: `http://127.0.0.1:${port}/`, statuses: [200], timeoutMs: 1_000 }],
  };
  return controlOf(folder, port, change(options), false, { openListeningSocket, ...changed });
}

/** What the server says to a request, or why there was no answer. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const connection = connect(port, '127.0.0.1', () => connection.write('GET / HTTP/1.0\r\n\r\n'));
    connection.on('data', (piece) => (text += String(piece)));
    connection.once('close', () => resolve(text === '' ? CUT : (text.split('\r\n\r\n')[1] ?? text)));
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}
