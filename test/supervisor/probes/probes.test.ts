import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import type { Network } from '../../../platform/network.ts';
import { createChildLink } from '../../../supervisor/child/server-link.ts';
import { probeCommand } from '../../../supervisor/probes/command.ts';
import { probeCooperative } from '../../../supervisor/probes/cooperative.ts';
import { portOfUrl, probeHttp } from '../../../supervisor/probes/http.ts';
import { createProbeClients } from '../../../supervisor/probes/probe-clients.ts';
import { probedPorts } from '../../../supervisor/probes/port-owner.ts';
import { probeTcp } from '../../../supervisor/probes/tcp.ts';
import { testAuthority, testCertificate, type TestCertificate } from '../../kit/certificates.ts';
import { freePort } from '../../kit/free-port.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files, network, clock, processes } = openPlatform();

function clientsOf(changed: Partial<Network> = {}) {
  const clients = createProbeClients({ files, network: { ...network, ...changed } });
  onTestFinished(() => clients.close());
  return clients;
}

/** Answers /ok, /ill, /drip (never ends) on a port of loopback. */
async function page(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/drip') {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
      return;
    }
    response.writeHead(request.url === '/ok' ? 200 : 503).end('status: fine');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  { path: '/ok', statuses: [200], ok: true },
  { path: '/ill', statuses: [200, 503], ok: true },
  { path: '/ill', statuses: [200], ok: false },
  { path: '/ok', statuses: [200], bodyPattern: '^status: (fine|good)$', ok: true },
  { path: '/ok', statuses: [200], bodyPattern: 'ill', ok: false },
  { path: '/drip', statuses: [200], bodyPattern: 'fine', ok: false },
])('the page $path with $statuses and $bodyPattern is ready: $ok', async ({ path, ok, ...probe }) => {
  const url = `${await page()}${path}`;
  const began = clock.monotonic();
  const result = await probeHttp(clientsOf(), clock, { kind: 'http', url, timeoutMs: 700, ...probe });
  expect(result.ok).toBe(ok);
  expect(clock.monotonic() - began).toBeLessThan(5_000);
});

test('a page off this machine is asked for like any other: only its certificate has to be trusted', async () => {
  // 192.0.2.0/24 is for documentation (RFC 5737): nothing answers there, but it is asked.
  const probe = { kind: 'http', url: 'https://192.0.2.1/', statuses: [200], timeoutMs: 200 } as const;
  const asked: unknown[] = [];
  const watched = clientsOf({
    httpClient: (options: Parameters<typeof network.httpClient>[0]) => {
      asked.push(options);
      return {
        request: () => Promise.resolve({ ok: false, fault: { code: 'timed-out', detail: 'played' } } as const),
        close: () => Promise.resolve(),
      };
    },
  });
  await probeHttp(watched, clock, probe);
  await probeHttp(watched, clock, probe);
  await probeHttp(watched, clock, { ...probe, url: 'https://127.0.0.1:19813/' });
  expect(asked).toEqual([{ insecureLoopback: false }, { insecureLoopback: true }]);
});

test.each([
  { certificate: 'localhost', host: 'localhost', trusted: false, ready: true },
  { certificate: 'self-signed', host: '127.0.0.1', trusted: false, ready: true },
  { certificate: 'expired', host: '127.0.0.1', trusted: false, ready: true },
  { certificate: 'localhost', host: 'localhost', trusted: true, ready: true },
  { certificate: 'self-signed', host: 'localhost', trusted: true, ready: false, code: 'tls-untrusted' },
  { certificate: 'expired', host: 'localhost', trusted: true, ready: false, code: 'tls-expired' },
  { certificate: 'elsewhere', host: 'localhost', trusted: true, ready: false, code: 'tls-wrong-host' },
] as const)(
  'on loopback the certificate $certificate for $host passes with own authorities ($trusted): $ready',
  async ({ certificate, host, trusted, ready, ...expected }) => {
    const port = await secureServer(certificate);
    const ca = join(temporaryFolder('authorities'), 'authority.pem');
    writeFileSync(ca, testAuthority);
    const result = await probeHttp(clientsOf(), clock, {
      ...{ kind: 'http', url: `https://${host}:${port}/`, statuses: [200], timeoutMs: 10_000 },
      ...(trusted && { ca }),
    });
    expect(result.ok).toBe(ready);
    if ('code' in expected) expect(result).toMatchObject({ fault: { cause: { code: expected.code } } });
  },
);

test('a file of authorities counts as it is now, and one that is missing is told', async () => {
  const url = `https://localhost:${await secureServer('localhost')}/`;
  const ca = join(temporaryFolder('authorities'), 'authority.pem');
  const clients = clientsOf();
  const probe = { kind: 'http', url, ca, statuses: [200], timeoutMs: 10_000 } as const;
  expect(await probeHttp(clients, clock, probe)).toMatchObject({
    fault: { code: 'server-unhealthy', cause: { code: 'not-found', path: ca } },
  });
  writeFileSync(ca, testCertificate('self-signed').cert);
  expect(await probeHttp(clients, clock, probe)).toMatchObject({ fault: { cause: { code: 'tls-untrusted' } } });
  writeFileSync(ca, testAuthority);
  expect((await probeHttp(clients, clock, probe)).ok).toBe(true);
});

async function secureServer(certificate: TestCertificate): Promise<number> {
  const server = createSecureServer(testCertificate(certificate), (_, answer) => void answer.end('fine'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('a port that nobody listens on is not ready, over TCP and HTTP', async () => {
  const port = await freePort();
  const tcp = await probeTcp(network, { kind: 'tcp', host: '127.0.0.1', port, timeoutMs: 500 });
  expect(tcp).toMatchObject({ ok: false, fault: { code: 'server-unhealthy', cause: { code: 'connection-refused' } } });
  const url = `http://127.0.0.1:${port}/`;
  const http = await probeHttp(clientsOf(), clock, { kind: 'http', url, statuses: [200], timeoutMs: 500 });
  expect(http).toMatchObject({ ok: false, fault: { code: 'server-unhealthy' } });
});

test('the server says itself whether it is ready', () => {
  const link = createChildLink(clock, randomBytes);
  expect(probeCooperative(link).ok).toBe(false);
  link.receive({ progress: 'index 3 of 7' });
  expect(probeCooperative(link)).toMatchObject({ fault: { values: { progress: 'index 3 of 7' } } });
  link.receive({ ready: true });
  expect(probeCooperative(link).ok).toBe(true);
});

test.each([
  { script: 'process.exit(0)', ok: true },
  { script: 'console.log("database locked"); process.exit(2)', ok: false },
  { script: 'setInterval(() => 0, 1000)', ok: false },
])('a command $script is ready: $ok', async ({ script, ok }) => {
  const command = [process.execPath, '-e', script];
  const result = await probeCommand(
    processes,
    { kind: 'command', command, timeoutMs: ok ? 10_000 : 2_000 },
    AbortSignal.any([]),
  );
  expect(result.ok).toBe(ok);
  if (script.includes('locked')) expect(result).toMatchObject({ fault: { values: { output: 'database locked' } } });
});

test.each([
  ['https://127.0.0.1/', 443],
  ['http://localhost/x', 80],
  ['http://127.0.0.1:19813/health', 19813],
  ['not a url', undefined],
])('the port of %s is %s', (url, port) => {
  expect(portOfUrl(url)).toBe(port);
});

test('each probed port is named once', () => {
  const timeoutMs = 1;
  expect(
    probedPorts([
      { kind: 'tcp', host: '127.0.0.1', port: 5, timeoutMs },
      { kind: 'http', url: 'http://127.0.0.1:5/', statuses: [200], timeoutMs },
      { kind: 'cooperative' },
      { kind: 'http', url: 'https://127.0.0.1:6/', statuses: [200], timeoutMs },
    ]),
  ).toEqual([5, 6]);
});
