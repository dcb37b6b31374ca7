import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTickets } from '../../../launcher/port/tickets.ts';
import { createFailures } from '../../../launcher/port/failures.ts';
import { createTokens } from '../../../launcher/port/tokens.ts';
import { createUpdateTokens } from '../../../launcher/port/update-tokens.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { fail } from '../../../platform/result.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { ask, CHILD_TOKEN, openPort, ticketOf, updateView } from './port-fixture.ts';

test('a ticket admits one order and no second one; the replay is logged without the ticket', async () => {
  const port = await openPort();
  const ticket = await ticketOf(port);
  const order = () =>
    ask(port.address, '/v1/updates', {
      method: 'POST',
      headers: { authorization: `Ticket ${ticket}` },
      body: { id: 'order-0001' },
    });
  const first = await order();
  expect(first.status).toBe(202);
  expect(first.headers.location).toBe('/v1/updates/order-0001');
  expect(port.calls.at(-1)).toEqual({
    act: 'update',
    about: { id: 'order-0001' },
    caller: { kind: 'ticket', user: 'Designer', email: 'admin@example.test', language: 'fr' },
  });
  const replayed = await order();
  expect(replayed.status).toBe(401);
  expect(replayed.headers['www-authenticate']).toContain('Ticket');
  expect(port.calls.filter(({ act }) => act === 'update')).toHaveLength(1);
  expect(port.log.lines.map(({ fields }) => fields['reason'])).toContain('ticket of Designer used again');
  expect(JSON.stringify(port.log.lines)).not.toContain(ticket);
});

test('the token that came with the order follows and steers that update alone', async () => {
  const port = await openPort();
  const ordered = await ask(port.address, '/v1/updates', {
    method: 'POST',
    headers: { authorization: `Ticket ${await ticketOf(port)}` },
    body: { id: 'order-0001' },
  });
  const headers = { authorization: `Bearer ${String(ordered.body?.['updateToken'])}` };
  expect((await ask(port.address, '/v1/updates/order-0001', { headers })).body).toMatchObject({ id: 'order-0001' });
  expect((await ask(port.address, '/v1/updates/order-0001', { method: 'DELETE', headers })).status).toBe(204);
  expect(port.calls.at(-1)).toMatchObject({ act: 'cancel', caller: { kind: 'ticket', user: 'Designer' } });
  expect((await ask(port.address, '/v1/updates/known-update', { headers })).status).toBe(403);
  expect((await ask(port.address, '/v1/updates', { method: 'POST', headers, body: {} })).status).toBe(403);
  expect(readFileSync(join(port.stateFolder, 'update-tokens.json'), 'utf8')).not.toContain(
    headers.authorization.slice(7),
  );
});

test('a ticket is not used up where tickets are not taken, and expires after its time', async () => {
  const port = await openPort({ limits: { ticketMs: 300 } });
  const headers = { authorization: `Ticket ${await ticketOf(port)}` };
  expect((await ask(port.address, '/v1/server/stop', { method: 'POST', headers, body: {} })).status).toBe(403);
  expect((await ask(port.address, '/v1/updates', { method: 'POST', headers, body: {} })).status).toBe(202);

  const clock = createFakeClock();
  const tickets = createTickets(clock, 60_000);
  const [inTime, late] = [tickets.issue({ user: 'a' }), tickets.issue({ user: 'b' })];
  await clock.advance(59_999);
  expect(tickets.redeem(inTime)).toEqual({ kind: 'accepted', holder: { user: 'a' } });
  await clock.advance(1);
  expect(tickets.redeem(late)).toEqual({ kind: 'expired', user: 'b' });
  expect(tickets.redeem(inTime)).toEqual({ kind: 'used', user: 'a' });
  expect(tickets.redeem('omk_unknown')).toEqual({ kind: 'unknown' });
});

test('an expired ticket is 401 and logged', async () => {
  const port = await openPort({ limits: { ticketMs: 0 } });
  const headers = { authorization: `Ticket ${await ticketOf(port)}` };
  expect((await ask(port.address, '/v1/updates', { method: 'POST', headers, body: {} })).status).toBe(401);
  expect(port.log.lines.map(({ fields }) => fields['reason'])).toContain('ticket of Designer expired');
  expect(port.calls).toEqual([]);
});

test.each([
  ['Bearer', 401],
  ['Bearer wrong', 401],
  ['Bearer omu_wrong', 401],
  ['Bearer  two-spaces', 401],
  [`Bearer ${'x'.repeat(129)}`, 401],
  ['Child wrong', 401],
  ['Ticket wrong', 401],
  ['Basic YWRtaW46YWRtaW4=', 401],
  ['', 401],
  [`bearer ${CHILD_TOKEN}`, 401],
])('credentials "%s" are refused', async (authorization, status) => {
  const port = await openPort();
  const refused = await ask(port.address, '/v1/updates', { method: 'POST', headers: { authorization }, body: {} });
  expect(refused.status).toBe(status);
  expect(refused.body).toMatchObject({ code: 'unauthorised' });
  expect(port.calls).toEqual([]);
});

test('after ten failures in a minute an address gets 429, but right credentials still pass', async () => {
  const port = await openPort();
  const wrong = { headers: { authorization: 'Bearer wrong' } };
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 14; attempt += 1)
    statuses.push((await ask(port.address, '/v1/history', wrong)).status);
  expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
  expect(port.log.lines.filter(({ message }) => message === 'credentials refused')).toHaveLength(11);
  const child = { authorization: `Child ${CHILD_TOKEN}` };
  expect((await ask(port.address, '/v1/child/orders?wait=0', { headers: child })).status).toBe(204);
  expect((await ask(port.address, '/v1/history', { ...wrong, localAddress: '127.0.0.9' })).status).toBe(401);
});

test('failures are counted anew after a minute, and only so many addresses are remembered', async () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, 2);
  const note = () => failures.note('10.0.0.1').limited;
  expect([note(), note(), note()]).toEqual([false, false, true]);
  await clock.advance(60_000);
  expect(note()).toBe(false);
  note();
  for (let other = 0; other < 1_000; other += 1) failures.note(`other ${other}`);
  expect(note()).toBe(false);
});

test('tokens are kept hashed and private, listed without secrets, and revoked at once', async () => {
  const { files, clock } = openPlatform();
  const folder = temporaryFolder('tokens');
  const tokens = createTokens({ files, clock, log: createRecordingLog() }, folder);
  const created = await tokens.create('monitoring', 'read');
  const secret = created.ok ? created.value : '';
  expect(secret).toMatch(/^omt_[\w-]{43}$/);
  const path = join(folder, 'tokens.json');
  expect(readFileSync(path, 'utf8')).not.toContain(secret);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await tokens.create('monitoring', 'admin')).toMatchObject({ fault: { code: 'already-exists' } });
  expect(await tokens.create('bad\nname', 'admin')).toMatchObject({ fault: { code: 'request-invalid' } });
  expect(await tokens.list()).toMatchObject({ value: [{ name: 'monitoring', scope: 'read' }] });
  expect(JSON.stringify(await tokens.list())).not.toContain('digest');
  expect(await tokens.verify(secret)).toMatchObject({ value: { name: 'monitoring' } });
  expect(await tokens.verify(`${secret}x`)).toEqual({ ok: true, value: undefined });
  expect(await tokens.revoke('monitoring')).toEqual({ ok: true });
  expect(await tokens.verify(secret)).toEqual({ ok: true, value: undefined });
  expect(await tokens.revoke('monitoring')).toMatchObject({ fault: { code: 'not-found' } });
});

test('a token file of a newer launcher admits nobody, says so and stays as it is', async () => {
  const port = await openPort();
  const path = join(port.stateFolder, 'tokens.json');
  await port.platform.files.writeDurably(path, '{"schema":2,"tokens":{}}');
  const tokens = createTokens({ ...port.platform, log: port.log }, port.stateFolder);
  expect(await tokens.create('x', 'admin')).toMatchObject({ fault: { code: 'newer-schema' } });
  expect((await ask(port.address, '/v1/history', { headers: { authorization: 'Bearer omt_x' } })).status).toBe(401);
  expect(port.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', fields: expect.objectContaining({ code: 'newer-schema' }) as unknown }),
  );
  expect(readFileSync(path, 'utf8')).toBe('{"schema":2,"tokens":{}}');
});

test.each(['{"schema":1,"tokens":[{}]}', '\0\0\0'])(
  'a damaged token file %j admits nobody, is set aside and told; new tokens can be made',
  async (content) => {
    const port = await openPort();
    await port.platform.files.writeDurably(join(port.stateFolder, 'tokens.json'), content);
    expect((await ask(port.address, '/v1/history', { headers: { authorization: 'Bearer omt_x' } })).status).toBe(401);
    expect(port.log.messages()).toContain('a damaged file was set aside');
    const tokens = createTokens({ ...port.platform, log: port.log }, port.stateFolder);
    expect(await tokens.create('x', 'admin')).toMatchObject({ ok: true });
    expect(await tokens.list()).toMatchObject({ value: [{ name: 'x' }] });
  },
);

test('tokens of updates that cannot be read now are not lost: nothing is written over them', async () => {
  const { files } = openPlatform();
  const stateFolder = temporaryFolder('update-tokens');
  let fails = false;
  const failing: Files = {
    ...files,
    readText: (path, limit) =>
      fails ? Promise.resolve(fail(faultOf('io-error', 'as planned', { path }))) : files.readText(path, limit),
  };
  const open = () =>
    createUpdateTokens(
      {
        ...{ files: failing, clock: createFakeClock(), log: createRecordingLog() },
        update: (id) => Promise.resolve(updateView(id)),
      },
      { stateFolder, outliveMs: 3_600_000 },
    );
  const first = await open().issue({ user: 'Designer' }, 'u1');
  fails = true;
  const tokens = open();
  const second = await tokens.issue({ user: 'Designer' }, 'u2');
  expect(await tokens.verify(first)).toBeUndefined();
  expect(await tokens.verify(second)).toMatchObject({ updateId: 'u2' });
  fails = false;
  expect(await tokens.verify(first)).toMatchObject({ updateId: 'u1' });
  await tokens.issue({ user: 'Designer' }, 'u3');
  const later = open();
  expect(await later.verify(first)).toMatchObject({ updateId: 'u1' });
  expect(await later.verify(second)).toMatchObject({ updateId: 'u2' });
});

test('the token of an update outlives a restart of the launcher, and its update by one hour', async () => {
  const { files } = openPlatform();
  const clock = createFakeClock();
  const stateFolder = temporaryFolder('update-tokens');
  let view: ReturnType<typeof updateView> | undefined = updateView('u1');
  const open = () =>
    createUpdateTokens(
      { files, clock, log: createRecordingLog(), update: () => Promise.resolve(view) },
      { stateFolder, outliveMs: 3_600_000 },
    );
  const secret = await open().issue({ user: 'Designer', language: 'fr' }, 'u1');
  const afterRestart = open();
  expect(await afterRestart.verify(secret)).toEqual({ holder: { user: 'Designer', language: 'fr' }, updateId: 'u1' });
  view = updateView('u1', { state: 'updated', endedAt: new Date(clock.now()).toISOString() });
  await clock.advance(3_600_000);
  expect(await afterRestart.verify(secret)).toBeDefined();
  await clock.advance(1);
  expect(await afterRestart.verify(secret)).toBeUndefined();
  view = undefined;
  expect(await afterRestart.verify(secret)).toBeUndefined();
});
