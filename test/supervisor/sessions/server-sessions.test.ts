import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../../platform/log.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { ProcessIdentity } from '../../../platform/processes.ts';
import { createChildLink } from '../../../supervisor/child/server-link.ts';
import { createSessions } from '../../../supervisor/sessions/server-sessions.ts';
import type { SessionOptions } from '../../../supervisor/sessions/session-options.ts';
import { freePort } from '../../kit/free-port.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';
import { faultIn, valueOf } from '../outcomes.ts';

const FIRST: ProcessIdentity = { pid: 11, startTime: '1', bootId: 'a' };
const SECOND: ProcessIdentity = { pid: 12, startTime: '2', bootId: 'a' };
const TEXT = { en: 'save; rm -rf "$HOME"', fr: 'enregistrez', de: 'speichern', it: 'salvare' };

function scene(change: Partial<SessionOptions> = {}) {
  const platform = openPlatform();
  let advanced = 0;
  const clock = { ...platform.clock, monotonic: () => platform.clock.monotonic() + advanced };
  const link = createChildLink(clock, randomBytes);
  const drained: boolean[] = [];
  const server: { process: ProcessIdentity | undefined } = { process: FIRST };
  const sessions = createSessions(
    {
      clock,
      processes: platform.processes,
      link,
      log: silentLog,
      server: () => server.process,
      drain: (draining) => drained.push(draining),
    },
    { language: 'en', commandLimitMs: 5_000, closeLimitMs: 500, ...change },
  );
  const age = (milliseconds: number) => {
    advanced += milliseconds;
  };
  return { sessions, link, drained, server, age };
}

/** A server on a free port of loopback with one user connected. */
async function connected() {
  const port = await freePort();
  const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const user = connect(port, '127.0.0.1');
  await once(user, 'connect');
  onTestFinished(() => {
    user.destroy();
    server.close();
  });
  return { port, user };
}

test('the sessions that the server reports are known for 60 s, then users may be present', async () => {
  const { sessions, link, age } = scene({ port: await freePort() });
  link.receive({ sessions: [{ id: '1', user: 'Anna', workstation: 'iMac' }] });
  expect(await sessions.presence()).toEqual({
    kind: 'reported',
    sessions: [{ id: '1', user: 'Anna', workstation: 'iMac' }],
  });
  age(61_000);
  link.receive({ backupRunning: true });
  expect((await sessions.presence()).kind).toBe('unknown');
  expect(sessions.backupRunning()).toBe(true);
});

test('nobody is present, and no backup runs, where no server runs', async () => {
  const { sessions, link, server } = scene();
  link.receive({ sessions: [{ id: '1', user: 'Anna' }], backupRunning: true });
  server.process = undefined;
  expect(await sessions.presence()).toEqual({ kind: 'counted', count: 0 });
  expect(sessions.backupRunning()).toBe(false);
  valueOf(await sessions.closeAll());
});

test('without reports and port nothing is known', async () => {
  const { sessions } = scene();
  expect((await sessions.presence()).kind).toBe('unknown');
  expect(faultIn(await sessions.closeAll()).code).toBe('sessions-unknown');
});

test('users of a server that does not report are counted by their connections, passing probes are not', async () => {
  const { port, user } = await connected();
  const { sessions } = scene({ port });
  const probes = connect(port, '127.0.0.1');
  await once(probes, 'connect');
  const looked = sessions.presence();
  setTimeout(() => probes.destroy(), 50);
  expect(await looked).toEqual({ kind: 'counted', count: 1 });
  user.destroy();
  await until(async () => ((await sessions.presence()) as { count?: number }).count === 0);
});

test('a cooperating server gets orders: notice, refusal, closing', async () => {
  const { sessions, link, drained } = scene();
  link.receive({ sessions: [{ id: '1', user: 'Anna' }] });
  const notice = link.take(5_000);
  valueOf(await sessions.warn({ id: 'n', text: TEXT, secondsLeft: 30 }));
  expect(await notice).toMatchObject({ kind: 'notice', text: TEXT, secondsLeft: 30 });
  const refusal = link.take(5_000);
  valueOf(await sessions.refuseLogins(true));
  expect(await refusal).toMatchObject({ kind: 'refuse-logins', refused: true });
  expect(drained).toEqual([true]);
  const closing = link.take(5_000);
  const closed = sessions.closeAll();
  expect(await closing).toMatchObject({ kind: 'close-sessions' });
  link.receive({ sessions: [] });
  valueOf(await closed);
});

test('a server that ended while its users were put out has none left; those of the next one are not waited for', async () => {
  const { sessions, link, server } = scene({ closeLimitMs: 60_000 });
  link.receive({ sessions: [{ id: '1', user: 'Anna' }] });
  const closing = link.take(5_000);
  const closed = sessions.closeAll();
  expect(await closing).toMatchObject({ kind: 'close-sessions' });
  server.process = SECOND;
  link.receive({ sessions: [{ id: '2', user: 'Beat' }] });
  valueOf(await closed);
});

test('who does not leave is named', async () => {
  const { sessions, link } = scene();
  link.receive({
    sessions: [
      { id: '1', user: 'Anna', workstation: 'iMac' },
      { id: '2', user: 'Beat' },
    ],
  });
  expect(faultIn(await sessions.closeAll())).toMatchObject({
    code: 'sessions-remain',
    values: { count: 2, users: 'Anna (iMac), Beat' },
  });
});

test('commands get the values as arguments, never through a shell', async () => {
  const file = join(temporaryFolder('sessions'), 'arguments.json');
  const script = `require('fs').writeFileSync(process.argv[1], JSON.stringify(process.argv.slice(2)))`;
  const command = [process.execPath, '-e', script, file, '{text}', '{seconds}', '{language}', '{other}'];
  const { sessions } = scene({ warnCommand: command });
  valueOf(await sessions.warn({ id: 'n', text: TEXT, secondsLeft: 60 }));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([TEXT.en, '60', 'en', '{other}']);
});

test('a command that ends badly, and no way at all, are faults', async () => {
  const failing = scene({ warnCommand: [process.execPath, '-e', 'console.error("no users"); process.exit(4)'] });
  expect(faultIn(await failing.sessions.warn({ id: 'n', text: TEXT }))).toMatchObject({
    code: 'command-failed',
    values: { exit: 4, output: 'no users\n' },
  });
  expect(faultIn(await scene().sessions.warn({ id: 'n', text: TEXT })).code).toBe('sessions-unknown');
});

test('a server without a way to refuse logins is no obstacle; a configured command is used', async () => {
  valueOf(await scene().sessions.refuseLogins(true));
  const { sessions } = scene({
    refuseLoginsCommand: [process.execPath, '-e', 'process.exit(process.argv[1] === "true" ? 0 : 1)', '{refused}'],
  });
  valueOf(await sessions.refuseLogins(true));
  expect(faultIn(await sessions.refuseLogins(false)).code).toBe('command-failed');
});

test('the configured command closes the connections of a server that does not cooperate', async () => {
  const { port, user } = await connected();
  const { sessions } = scene({ port, closeLimitMs: 8_000, closeCommand: [process.execPath, '-e', '0'] });
  const closed = sessions.closeAll();
  setTimeout(() => user.destroy(), 300);
  valueOf(await closed);
});
