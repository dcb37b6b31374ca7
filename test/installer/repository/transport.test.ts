import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import type { Network } from '../../../platform/network.ts';
import { succeed } from '../../../platform/result.ts';
import { addressKind } from '../../../installer/repository/address-kind.ts';
import { createReleaseSource } from '../../../installer/repository/signed-repository.ts';
import { serveRepository, type RepositoryServer } from './kit/repository-server.ts';
import { createScene, NOW, refused, succeeded, type Scene } from './kit/scene.ts';
import { createTestRepository, type TestRepository } from './kit/tuf-repository.ts';

interface Stage {
  readonly repository: TestRepository;
  readonly server: RepositoryServer;
  readonly scene: Scene;
}

async function stage(): Promise<Stage> {
  const repository = createTestRepository(NOW);
  repository.addRelease('1.0');
  repository.issue();
  return { repository, server: await serveRepository(repository.files), scene: createScene(repository) };
}

const certificates = join(import.meta.dirname, '../../kit/certificates');
const pem = (name: string): string => readFileSync(join(certificates, `${name}.pem`), 'utf8');

describe('the kinds of addresses', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['[::1]', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['10.1.2.3', 'private'],
    ['172.31.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['::ffff:192.168.1.1', 'private'],
    ['0.0.0.0', 'reserved'],
    ['::', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['172.32.0.1', 'public'],
    ['93.184.216.34', 'public'],
    ['2606:2800:220:1::1', 'public'],
    ['example.org', undefined],
    ['1.2.3', undefined],
    ['1.2.3.256', undefined],
  ])('%s is %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });
});

describe('redirects', () => {
  it('are followed on the same host, at most three', async () => {
    const { server, scene } = await stage();
    let hops = 3;
    server.misbehave = (request, response) => {
      if (request.url?.startsWith('/metadata/timestamp.json') !== true || hops === 0) return false;
      hops -= 1;
      response.writeHead(302, { location: request.url }).end();
      return true;
    };
    succeeded(await scene.open(server.url).refresh());
    hops = 4;
    expect(refused(await scene.open(server.url).refresh()).code).toBe('redirect-refused');
  });

  it.each([
    ['another port', (port: number) => `http://127.0.0.1:${String(port)}/`],
    ['another loopback name', (port: number) => `http://localhost:${String(port)}/`],
    ['IPv6 loopback', (port: number) => `http://[::1]:${String(port)}/`],
    ['an odd spelling of loopback', (port: number) => `http://0x7f.1:${String(port)}/`],
    ['the cloud’s metadata service', () => 'http://169.254.169.254/latest/'],
    ['another scheme', () => 'ftp://127.0.0.1/'],
    ['a file', () => 'file:///etc/passwd'],
    ['credentials', (port: number) => `http://a:b@127.0.0.1:${String(port)}/`],
    ['nowhere', () => 'http://'],
  ])('to %s are refused, and the target is never contacted', async (_, target) => {
    const { repository, server, scene } = await stage();
    const trap = await serveRepository(repository.files);
    server.misbehave = (_request, response) => {
      response.writeHead(302, { location: target(trap.port) }).end();
      return true;
    };
    expect(refused(await scene.open(server.url).refresh()).code).toBe('redirect-refused');
    expect(trap.seen).toEqual([]);
    expect(scene.state()).toEqual({});
  });

  it('from a public name to loopback are refused though the host is configured', async () => {
    const { repository, server, scene } = await stage();
    const trap = await serveRepository(repository.files);
    server.misbehave = (_request, response) => {
      response.writeHead(307, { location: trap.url }).end();
      return true;
    };
    // The repository's name resolves to a public address; the client is led to the test's server all the same.
    const network = leadTo(server.port, '93.184.216.34');
    const options = { redirectHosts: [`127.0.0.1:${String(trap.port)}`] };
    const source = scene.open('http://releases.example.org/', options, { network });
    expect(refused(await source.refresh()).code).toBe('redirect-refused');
    expect(trap.seen).toEqual([]);
    expect(server.seen.length).toBe(1);
  });

  it('to a configured host are followed', async () => {
    const { repository, server, scene } = await stage();
    const mirror = await serveRepository(repository.files);
    server.misbehave = (request, response) => {
      response.writeHead(302, { location: `${mirror.url}${(request.url ?? '').slice(1)}` }).end();
      return true;
    };
    const options = { redirectHosts: [`127.0.0.1:${String(mirror.port)}`] };
    succeeded(await scene.open(server.url, options).refresh());
    expect(mirror.seen.length).toBeGreaterThan(4);
  });

  it('from https to http are refused', async () => {
    const { repository, scene, server: plain } = await stage();
    const secure = await serveRepository(repository.files, { key: pem('localhost-key'), cert: pem('localhost') });
    secure.misbehave = (_request, response) => {
      response.writeHead(302, { location: plain.url }).end();
      return true;
    };
    const options = { certificateAuthorities: pem('authority'), redirectHosts: [`127.0.0.1:${String(plain.port)}`] };
    expect(refused(await scene.open(secure.url, options).refresh()).code).toBe('redirect-refused');
    expect(plain.seen).toEqual([]);
  });
});

describe('names', () => {
  it('that resolve to loopback are refused unless configured', async () => {
    const { server, scene } = await stage();
    const network: Network = { ...openPlatform().network, resolve: () => Promise.resolve(succeed(['127.0.0.1'])) };
    const location = `http://releases.example.org:${String(server.port)}/`;
    expect(refused(await scene.open(location, {}, { network }).refresh()).code).toBe('redirect-refused');
    expect(server.seen).toEqual([]);
    // The address that was judged is the one that is connected to: nobody else could resolve this name to it.
    succeeded(await scene.open(location, { allowLoopback: true }, { network }).refresh());
    expect(server.seen.length).toBeGreaterThan(0);
  });

  it.each([['169.254.1.1'], ['93.184.216.34', '127.0.0.1'], ['::ffff:127.0.0.1'], ['0.0.0.0'], ['not an address']])(
    'that resolve to %s %s are refused',
    async (...addresses) => {
      const { server, scene } = await stage();
      const network: Network = { ...openPlatform().network, resolve: () => Promise.resolve(succeed(addresses)) };
      const source = scene.open(`http://releases.example.org:${String(server.port)}/`, {}, { network });
      expect(refused(await source.refresh()).code).toBe('redirect-refused');
      expect(server.seen).toEqual([]);
    },
  );
});

describe('certificates', () => {
  it.each([
    ['self-signed', 'tls-untrusted'],
    ['expired', 'tls-expired'],
    ['elsewhere', 'tls-wrong-host'],
  ])('%s is %s', async (name, code) => {
    const { repository, scene } = await stage();
    const server = await serveRepository(repository.files, { key: pem(`${name}-key`), cert: pem(name) });
    const source = scene.open(server.url, { certificateAuthorities: pem('authority') });
    expect(refused(await source.refresh()).code).toBe(code);
    expect(server.seen).toEqual([]);
  });

  it('of the customer’s own authority is accepted', async () => {
    const { repository, scene } = await stage();
    const server = await serveRepository(repository.files, { key: pem('localhost-key'), cert: pem('localhost') });
    succeeded(await scene.open(server.url, { certificateAuthorities: pem('authority') }).refresh());
    expect(refused(await scene.open(server.url).refresh()).code).toBe('tls-untrusted');
  });
});

describe('a network in between', () => {
  it.each(['text/html', 'application/json'])(
    'that answers with a web page as %s is told, and changes nothing',
    async (type) => {
      const { server, scene } = await stage();
      succeeded(await scene.open(server.url).refresh());
      const before = scene.state();
      server.misbehave = (_request, response) => {
        response.writeHead(200, { 'content-type': type }).end('\n<!doctype html><title>Welcome to the hotel</title>');
        return true;
      };
      const fault = refused(await scene.open(server.url).refresh());
      expect(fault).toMatchObject({ code: 'metadata-invalid', values: { reason: 'web-page' } });
      expect(scene.state()).toEqual(before);
    },
  );

  it.each([429, 500, 503])('that answers %d for a while is asked again', async (status) => {
    const { server, scene } = await stage();
    let left = 3;
    server.misbehave = (_request, response) => {
      if (left === 0) return false;
      left -= 1;
      response.writeHead(status, { 'retry-after': '1' }).end();
      return true;
    };
    succeeded(await scene.open(server.url).refresh());
    left = 100;
    const fault = refused(await scene.open(server.url).refresh());
    expect(fault).toMatchObject({ code: 'http-status', values: { status } });
    expect(left).toBe(96);
  });

  it.each([400, 401, 403, 404, 410])('that answers %d is not asked again', async (status) => {
    const { server, scene } = await stage();
    server.misbehave = (request, response) => {
      if (request.url !== '/metadata/timestamp.json') return false;
      response.writeHead(status).end();
      return true;
    };
    const fault = refused(await scene.open(server.url).refresh());
    expect(fault).toMatchObject({ code: 'http-status', values: { status } });
    expect(server.seen.filter(({ path }) => path === 'metadata/timestamp.json').length).toBe(1);
  });

  it('that cuts connections is asked again', async () => {
    const { server, scene } = await stage();
    let left = 2;
    server.misbehave = (_request, response, bytes) => {
      if (left === 0 || bytes === undefined) return false;
      left -= 1;
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 10), () => response.destroy());
      return true;
    };
    succeeded(await scene.open(server.url).refresh());
    expect(left).toBe(0);
  });

  it('that encodes what must come plain is refused', async () => {
    const { server, scene } = await stage();
    server.misbehave = (_request, response, bytes) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes);
      return true;
    };
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
  });

  it('that is not there at all is told as such', async () => {
    const { repository, scene } = await stage();
    const port = (await serveRepository(repository.files)).port;
    const source = scene.open(`http://127.0.0.2:${String(port)}/`);
    expect(refused(await source.refresh()).code).toBe('connection-refused');
  });

  it('is left at once when the caller cancels', async () => {
    const { server, scene } = await stage();
    const abort = new AbortController();
    server.misbehave = () => {
      abort.abort();
      return true;
    };
    expect(refused(await scene.open(server.url).refresh(abort.signal)).code).toBe('cancelled');
  });
});

describe('the configuration', () => {
  it.each([
    [{ location: 'releases' }],
    [{ location: 'gopher://example.org/' }],
    [{ location: 'https://a:b@example.org/' }],
    [{ location: 'https://example.org/?a=b' }],
    [{ product: '../business' }],
    [{ channel: 'a-b' }],
    [{ platform: 'linux' }],
  ])('is refused with %j', async (wrong) => {
    const { repository, scene } = await stage();
    const { network, files, clock } = openPlatform();
    const right = { location: '/tmp', product: 'business', channel: 'stable', platform: 'linux-x64' };
    const trust = { stateFolder: scene.stateFolder, root: repository.firstRoot };
    const opened = createReleaseSource({ network, files, clock, log: scene.log }, { ...right, ...trust, ...wrong });
    expect(refused(opened).code).toBe('configuration-invalid');
  });
});

/** A network in which every name has the given address, and every plain request arrives at a port of ours. */
function leadTo(port: number, address: string): Network {
  const { network } = openPlatform();
  return {
    ...network,
    resolve: () => Promise.resolve(succeed([address])),
    httpClient: (options) => {
      const client = network.httpClient(options);
      return {
        ...client,
        request: ({ url, method, headers = {}, headTimeoutMs, idleTimeoutMs }) => {
          const led = url.replace('//releases.example.org/', `//127.0.0.1:${String(port)}/`);
          return client.request({ url: led, method, headers, headTimeoutMs, idleTimeoutMs });
        },
      };
    },
  };
}
