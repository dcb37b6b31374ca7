import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { createListeningSockets } from '../../../platform/linux/listening-socket.ts';
import type { ListeningSocket } from '../../../platform/listening-socket.ts';
import { freePort } from '../../kit/free-port.ts';
import { launcherCommand } from '../../kit/launcher-command.ts';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { faultIn, valueOf } from '../../supervisor/outcomes.ts';

const { processes } = openPlatform();
const open = createListeningSockets(launcherCommand());
const made = makeTemporaryFolder('listening');
const outputFile = join(made.path, 'output');
/** Says what it got, and answers the first who connects. */
const PROGRAM = join(made.path, 'program.mjs');
const SOURCE = `
import { createServer } from 'node:net';
const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
console.log(LISTEN_PID === String(process.pid), LISTEN_FDS, LISTEN_FDNAMES);
createServer((socket) => socket.end('served', () => process.exit(0))).listen({ fd: 3 });
`;

let socket: ListeningSocket | undefined;
beforeAll(() => writeFileSync(PROGRAM, SOURCE));
afterAll(made.remove);

describe.runIf(process.platform === 'linux')('a socket for a child', () => {
  it('makes whoever connects wait for the child that gets it', { timeout: 30_000 }, async () => {
    const port = await freePort();
    socket = valueOf(await open('127.0.0.1', port));
    const answer = ask(port);
    const child = valueOf(await start(socket));
    expect(await answer).toBe('served');
    expect(await processes.waitForExit(child)).toEqual({ kind: 'exited', code: 0 });
    expect(readFileSync(outputFile, 'utf8')).toBe('true 1 server\n');
    socket.close();
    socket.close();
    expect(await ask(port)).toBe('ECONNREFUSED');
  });

  it('is for that child alone', { timeout: 30_000 }, async () => {
    const opened = valueOf(await open('::', await freePort()));
    const inode = readlinkSync(`/proc/self/fd/${opened.descriptor}`);
    const { stdout } = spawnSync('sh', ['-c', 'ls -l /proc/$$/fd'], { encoding: 'utf8' });
    expect(inode).toMatch(/^socket:/);
    expect(stdout).not.toContain(inode);
    opened.close();
  });

  it('is not there while another program has the port', { timeout: 30_000 }, async () => {
    const port = await freePort();
    const first = valueOf(await open('::', port));
    expect(faultIn(await open('::', port))).toMatchObject({ code: 'port-in-use', values: { error: 'EADDRINUSE' } });
    first.close();
    const second = valueOf(await open('::', port));
    second.close();
  });

  it('is closed when nothing can make it listen', async () => {
    const port = await freePort();
    for (const self of [['/nowhere/om-launcher'], ['/bin/false']]) {
      expect(faultIn(await createListeningSockets(self)('127.0.0.1', port)).code).toBe('command-failed');
    }
    const opened = valueOf(await open('127.0.0.1', port));
    opened.close();
  });

  it('does not hide that the program of the child is missing', { timeout: 30_000 }, async () => {
    const opened = valueOf(await open('127.0.0.1', await freePort()));
    const command = join(made.path, 'missing');
    const failed = await processes.spawnDetached({ ...requestOf(opened), command });
    expect(faultIn(failed)).toMatchObject({ code: 'spawn-failed', path: command, values: { errno: 'ENOENT' } });
    opened.close();
  });
});

function requestOf(given: ListeningSocket) {
  return {
    command: process.execPath,
    args: [PROGRAM],
    workingDirectory: made.path,
    environment: { PATH: '/usr/bin:/bin' },
    outputFile,
    socket: given,
  };
}

const start = (given: ListeningSocket) => processes.spawnDetached(requestOf(given));

/** What is said to who connects, or why nobody could. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const connection = connect(port, '127.0.0.1');
    connection.on('data', (piece) => (text += String(piece)));
    connection.once('close', () => resolve(text));
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}
