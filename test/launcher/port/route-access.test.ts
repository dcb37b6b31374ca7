import { expect, test } from 'vitest';
import {
  ACCESS,
  CALLER_CLASSES,
  type CallerClass,
  decide,
  type PortCaller,
  type Right,
} from '../../../launcher/port/access.ts';
import { createTokens, TOKEN_SCOPES } from '../../../launcher/port/tokens.ts';
import { ask, CHILD_TOKEN, openPort, type OpenPort, ticketOf } from './port-fixture.ts';

const CALLERS = {
  local: { kind: 'local' },
  'token-admin': { kind: 'token', name: 'a', scope: 'admin' },
  'token-update': { kind: 'token', name: 'u', scope: 'update' },
  'token-read': { kind: 'token', name: 'r', scope: 'read' },
  ticket: { kind: 'ticket', holder: { user: 'Designer' } },
  'update-token': { kind: 'update-token', holder: { user: 'Designer' }, updateId: 'mine' },
  child: { kind: 'child' },
  'anonymous-loopback': { kind: 'anonymous', onLoopback: true },
  'anonymous-remote': { kind: 'anonymous', onLoopback: false },
} as const satisfies Record<CallerClass, PortCaller>;

test.each(CALLER_CLASSES.flatMap((caller) => Object.keys(ACCESS).map((right) => [caller, right as Right] as const)))(
  '%s may use "%s" exactly as the table says',
  (caller, right) => {
    const admission = ACCESS[right][caller];
    const closed = decide(right, CALLERS[caller], [], 'mine');
    expect(closed.kind).toBe(admission === 'no' || admission === 'open' ? 'refused' : 'admitted');
    const opened = decide(right, CALLERS[caller], ['notices', 'monitor'], 'mine');
    expect(opened.kind).toBe(admission === 'no' ? 'refused' : 'admitted');
  },
);

test('a token for one update does not reach another one', () => {
  expect(decide('steer', CALLERS['update-token'], [], 'mine').kind).toBe('admitted');
  expect(decide('steer', CALLERS['update-token'], [], 'yours')).toEqual({ kind: 'refused', code: 'forbidden' });
  expect(decide('follow', CALLERS['update-token'], [], 'yours').kind).toBe('refused');
});

/** Every call of the interface with the callers that are served; on loopback all others are 401 (strangers) or 403. */
const ROUTES = [
  ['GET', '/v1/status', 200, 'local token-admin token-update token-read update-token child anonymous-loopback'],
  ['GET', '/v1/releases', 200, 'local token-admin token-update token-read'],
  ['GET', '/v1/check', 200, 'local token-admin token-update token-read'],
  ['GET', '/v1/history', 200, 'local token-admin token-update token-read'],
  ['POST', '/v1/updates', 202, 'local token-admin token-update ticket'],
  ['POST', '/v1/updates?dryRun=1', 200, 'local token-admin token-update ticket'],
  ['GET', '/v1/updates/known-update', 200, 'local token-admin token-update token-read update-token'],
  ['DELETE', '/v1/updates/known-update', 204, 'local token-admin token-update update-token'],
  ['POST', '/v1/updates/known-update/postpone', 204, 'local token-admin token-update update-token'],
  ['POST', '/v1/updates/known-update/continue', 204, 'local token-admin token-update update-token'],
  ['POST', '/v1/rollback', 202, 'local token-admin token-update ticket'],
  ['POST', '/v1/server/start', 204, 'local token-admin'],
  ['POST', '/v1/server/stop', 204, 'local token-admin'],
  ['POST', '/v1/server/restart', 204, 'local token-admin'],
  ['GET', '/v1/notices', 200, 'local token-admin token-update token-read update-token child anonymous-loopback'],
  ['POST', '/v1/tickets', 201, 'child'],
  ['GET', '/v1/child/orders?wait=0', 204, 'child'],
  ['POST', '/v1/child/state', 204, 'child'],
  ['GET', '/healthz', 200, 'local token-admin token-update token-read update-token child anonymous-loopback'],
  ['GET', '/metrics', 200, 'local token-admin token-update token-read update-token child anonymous-loopback'],
  ['GET', '/openapi.json', 200, 'local token-admin token-update token-read update-token child anonymous-loopback'],
] as const;

const BODIES: Readonly<Record<string, object>> = {
  '/v1/tickets': { user: 'Designer' },
  '/v1/child/state': { ready: true },
};

test.each(ROUTES)('%s %s answers %i to: %s', async (method, path, status, served) => {
  const port = await openPort({ limits: { failuresPerMinute: 100 } });
  const credentials = await credentialsOf(port);
  for (const caller of CALLER_CLASSES.filter((name) => name !== 'anonymous-remote')) {
    const authorization = await credentials(caller);
    const answer = await ask(caller === 'local' ? port.socketPath : port.address, path, {
      method,
      headers: authorization === undefined ? {} : { authorization },
      ...(method === 'POST' ? { body: BODIES[path] ?? {} } : {}),
    });
    const expected = served.split(' ').includes(caller) ? status : caller === 'anonymous-loopback' ? 401 : 403;
    expect(`${caller} ${answer.status}`).toBe(`${caller} ${expected}`);
    if (expected >= 400)
      expect(answer.body).toMatchObject({
        message: expect.any(String) as unknown,
        remedy: expect.any(String) as unknown,
        lang: 'en',
      });
  }
});

test('strangers see name, state and version of the server, admins all and what is wrong with the port', async () => {
  const { address, socketPath } = await openPort();
  expect((await ask(address, '/v1/status')).body).toEqual({ name: 'OM Business', state: 'up', version: '13.2' });
  expect((await ask(socketPath, '/v1/status')).body).toMatchObject({
    launcherVersion: '0.1.0',
    warnings: ['wide rights'],
  });
});

test('the document lists every call of the table', async () => {
  const { address } = await openPort();
  const document = (await ask(address, '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
    components: { schemas: Record<string, unknown> };
  };
  for (const [method, path] of ROUTES) {
    const described = path.split('?', 1)[0]?.replace('known-update', '{id}') ?? '';
    expect(document.paths[described]).toHaveProperty(method.toLowerCase());
  }
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Status', 'Update', 'UpdateOrder', 'Error']),
  );
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name ?? '',
  );
  for (const name of references) expect(document.components.schemas).toHaveProperty(name);
  // A release file of this machine is nothing for the network.
  expect(JSON.stringify(document)).not.toContain('fromFile');
});

/** Real credentials for each class; tickets are made anew, since each can be used once. */
async function credentialsOf(port: OpenPort): Promise<(caller: CallerClass) => Promise<string | undefined>> {
  const tokens = createTokens({ ...port.platform, log: port.log }, port.stateFolder);
  const secrets: Record<string, string> = {};
  for (const scope of TOKEN_SCOPES) {
    const created = await tokens.create(`for ${scope}`, scope);
    secrets[`token-${scope}`] = `Bearer ${created.ok ? created.value : ''}`;
  }
  const ordered = await ask(port.address, '/v1/updates', {
    method: 'POST',
    headers: { authorization: `Ticket ${await ticketOf(port)}` },
    body: { id: 'known-update' },
  });
  secrets['update-token'] = `Bearer ${String(ordered.body?.['updateToken'])}`;
  secrets['child'] = `Child ${CHILD_TOKEN}`;
  return async (caller) => (caller === 'ticket' ? `Ticket ${await ticketOf(port)}` : secrets[caller]);
}
