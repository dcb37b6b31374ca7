import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseEvent } from '../../../launcher/api/event-reader.ts';
import { createApiClient } from '../../../launcher/api/client.ts';
import { until } from '../../kit/until.ts';
import { ask, CHILD_TOKEN, openPort, type OpenPort, ticketOf } from './port-fixture.ts';

test('events arrive as they happen, and resume after Last-Event-ID', async () => {
  const port = await openPort();
  const first = listen(port);
  await until(() => port.waitingReaders() === 1, 'a reader');
  port.publish({ kind: 'notice', public: true, data: { text: 'one' } });
  port.publish({ kind: 'notice', public: true, data: { text: 'two' } });
  await until(() => first.ids().length === 2, 'two events');
  first.close();
  port.publish({ kind: 'notice', public: true, data: { text: 'three' } });
  const second = listen(port, 'Last-Event-ID: 1\r\n');
  await until(() => second.ids().length === 2, 'the missed events');
  expect(second.ids()).toEqual([2, 3]);
  expect(second.text()).toContain('event: notice\ndata: {');
  expect(second.text()).toContain('retry: 2000');
});

test('strangers get the public events, an orderer also those of his update, admins all', async () => {
  const port = await openPort();
  const ordered = await ask(port.address, '/v1/updates', {
    method: 'POST',
    headers: { authorization: `Ticket ${await ticketOf(port)}` },
    body: { id: 'order-0001' },
  });
  const stranger = listen(port, 'Last-Event-ID: 0\r\n');
  const orderer = listen(
    port,
    `Last-Event-ID: 0\r\nAuthorization: Bearer ${String(ordered.body?.['updateToken'])}\r\n`,
  );
  const admin = listen(port, 'Last-Event-ID: 0\r\n', port.socketPath);
  port.publish({ kind: 'server', public: false, data: { state: 'draining' } });
  port.publish({ kind: 'update', public: false, data: { id: 'order-0001' } });
  port.publish({ kind: 'update', public: false, data: { id: 'another-0001' } });
  port.publish({ kind: 'notice', public: true, data: {} });
  await until(() => [stranger, orderer, admin].every((reader) => reader.ids().includes(4)), 'the last event');
  expect(stranger.ids()).toEqual([4]);
  expect(orderer.ids()).toEqual([2, 4]);
  expect(admin.ids()).toEqual([1, 2, 3, 4]);
});

test('a silent stream has heartbeats, and ends after its time so that the reader resumes', async () => {
  const port = await openPort({ limits: { heartbeatMs: 50, eventStreamMs: 400 } });
  const reader = listen(port);
  await until(() => reader.closed(), 'the stream to end');
  expect(reader.text().match(/: heartbeat/g)?.length).toBeGreaterThan(2);
});

test('a reader that does not keep up is dropped, others are not', async () => {
  const port = await openPort({ limits: { eventDrainMs: 2_000 } });
  const slow = connect(port.address);
  onTestFinished(() => void slow.destroy());
  slow.on('error', () => undefined);
  slow.pause();
  slow.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n');
  const quick = listen(port, 'Last-Event-ID: 0\r\n');
  // More than the kernel holds for a connection whose reader does nothing.
  const text = 'x'.repeat(60_000);
  for (let count = 0; count < 300; count += 1) port.publish({ kind: 'notice', public: true, data: { text } });
  const last = port.publish({ kind: 'notice', public: true, data: {} });
  await until(() => quick.text().slice(-500).includes(`id: ${last}\n`), 'the quick reader to have all');
  await until(
    () => port.log.messages().includes('a slow reader of events was dropped'),
    'the slow reader to be dropped',
  );
  expect(port.log.messages().filter((message) => message.startsWith('a slow reader'))).toHaveLength(1);
});

test('only so many streams of one address are served; a closed one makes room', async () => {
  const port = await openPort({ limits: { eventStreamsPerAddress: 2 } });
  const readers = [listen(port), listen(port)];
  await until(() => readers.every((reader) => reader.text().includes('retry')), 'two streams');
  expect((await ask(port.address, '/v1/events')).status).toBe(429);
  readers[0]?.close();
  await until(async () => {
    const third = listen(port);
    await until(() => third.text() !== '', 'an answer');
    return third.text().includes('retry');
  }, 'room for a third');
});

test('closing the port ends its streams and polls', async () => {
  const port = await openPort();
  const reader = listen(port);
  const poll = ask(port.address, '/v1/child/orders?wait=25', {
    headers: { authorization: `Child ${CHILD_TOKEN}` },
  }).catch(() => undefined);
  await until(() => reader.text().includes('retry') && port.waiting() === 1, 'a stream and a poll');
  await port.port.close();
  await until(() => reader.closed(), 'the stream to end');
  await poll;
  await port.port.close();
});

test('a long poll answers at once when an order comes, waits at most 30 s, and ends with its client', async () => {
  const port = await openPort();
  const headers = { authorization: `Child ${CHILD_TOKEN}` };
  const poll = ask(port.address, '/v1/child/orders?wait=25', { headers });
  await until(() => port.waiting() === 1, 'the poll');
  port.put({ id: 'o1', kind: 'quit', reason: 'update' });
  expect((await poll).body).toEqual({ id: 'o1', kind: 'quit', reason: 'update' });
  port.put({ id: 'o2', kind: 'refuse-logins', refused: true });
  expect((await ask(port.address, '/v1/child/orders?wait=3000', { headers })).body).toMatchObject({ id: 'o2' });
  expect(port.waits).toEqual([25_000, 30_000]);
  const empty = await ask(port.address, '/v1/child/orders?wait=0', { headers });
  expect([empty.status, empty.text]).toEqual([204, '']);
  expect((await ask(port.address, '/v1/child/orders?wait=soon', { headers })).status).toBe(400);
});

test('reports of the server arrive as they were sent, others are refused', async () => {
  const port = await openPort();
  const headers = { authorization: `Child ${CHILD_TOKEN}` };
  const report = {
    ready: true,
    sessions: [{ id: 's1', user: 'Anna', workstation: 'PC 4' }],
    backupRunning: false,
    version: '13.2',
  };
  expect((await ask(port.address, '/v1/child/state', { method: 'POST', headers, body: report })).status).toBe(204);
  expect(port.reports).toEqual([report]);
  expect((await ask(port.address, '/v1/child/state', { method: 'POST', headers, body: { ready: 'yes' } })).status).toBe(
    400,
  );
  expect((await ask(port.address, '/v1/tickets', { method: 'POST', headers, body: {} })).status).toBe(400);
});

test('the client follows events over a restart of the launcher', async () => {
  const first = await openPort();
  const httpClient = first.platform.network.httpClient({ socketPath: first.socketPath });
  onTestFinished(() => httpClient.close());
  const stop = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    const events = createApiClient(httpClient, 'http://localhost').follow({
      clock: first.platform.clock,
      signal: stop.signal,
      lastId: 0,
      patienceMs: 10_000,
    });
    for await (const event of events) seen.push(event.ok ? event.value.id : -1);
  })();
  first.publish({ kind: 'status', public: true, data: {} });
  await until(() => seen.length === 1, 'the first event');
  await first.port.close();
  const second = await openPort({ stateFolder: first.stateFolder });
  second.publish({ kind: 'status', public: true, data: {} });
  second.publish({ kind: 'status', public: true, data: {} });
  await until(() => seen.length === 2, 'the second event');
  stop.abort();
  await following;
  expect(seen).toEqual([1, 2]);
});

test.each([
  [': heartbeat', undefined],
  ['retry: 2000', undefined],
  ['data: {"id":1,"kind":"status","at":"2026-01-05T02:00:00.000Z","public":true,"data":{}}', 'ok'],
  ['data: {"id":1,\ndata: "kind":"status","at":"2026-01-05T02:00:00Z","public":true,"data":{}}', 'ok'],
  ['data: {"id":"one"}', 'unexpected'],
  ['data: nonsense', 'unexpected'],
])('the block %j is %s', (block, expected) => {
  const event = parseEvent(block);
  expect(event && (event.ok ? 'ok' : event.fault.code)).toBe(expected);
});

/** Reads a stream over a plain socket. */
function listen(port: OpenPort, headers = '', path?: string) {
  const socket = path === undefined ? connect(port.address) : connect(path);
  let text = '';
  let closed = false;
  socket.on('data', (data: Buffer) => (text += data.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /v1/events HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  return {
    text: () => text,
    closed: () => closed,
    close: () => socket.destroy(),
    ids: () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
  };
}
