import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addRelease, initRepository } from '../../../installer/publish/repository.ts';
import type { Release } from '../../../installer/release.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';
import type { BenchOptions } from '../bench.ts';
import { isInstalled } from '../bytes/run.ts';
import { type ClientsReport, runClients } from './clients.ts';
import { type AnsweredRequest, type Nginx, startNginx } from './nginx.ts';

const CLIENTS = 2_000;
const PROCESSES = 2;
/** Clients of one process that are at work at the same moment. */
const AT_ONCE = 32;
/** So many releases are published when the clients come for the first time; one more before they fetch. */
const RELEASES = 10;
const FILES = 60;

/**
 * The launcher's own client code, many times, against a real nginx: the first look, a look at a repository that has not
 * changed, a look and a delta after a release. `--clients N`, `--nginx PROGRAM`.
 */
export async function measureRepository({ clients = CLIENTS, nginx = 'nginx' }: BenchOptions): Promise<object> {
  if (!(await isInstalled(nginx)))
    throw new Error('not run: needs nginx (apt-get install nginx-light, or --nginx PROGRAM)');
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'om-launcher-repository-')));
  let server: Nginx | undefined;
  try {
    const vendor = await createVendor(folder);
    for (let number = 1; number <= RELEASES; number += 1) await vendor.publish(number);
    server = await startNginx(nginx, vendor.repository, path.join(folder, 'nginx'));
    const { url } = server;
    const task = {
      url,
      rootFile: vendor.rootFile,
      folder: path.join(folder, 'clients'),
      count: clients,
      atOnce: AT_ONCE,
    };
    const firstLook = await phase(server, () => runClients({ ...task, act: 'check' }, PROCESSES));
    const unchanged = await phase(server, () => runClients({ ...task, act: 'check' }, PROCESSES));
    const { release, from } = await vendor.publish(RELEASES + 1);
    const afterRelease = await phase(server, () => runClients({ ...task, act: 'fetch', from }, PROCESSES));
    const figures = { clients, metadataBytes: metadataSizes(vendor.repository), deltaBytes: deltaSizes(release, from) };
    if ([firstLook, unchanged, afterRelease].some(({ errors }) => errors > 0)) process.exitCode = 1;
    return { ...figures, fullBytes: release.pack.length, firstLook, unchanged, afterRelease };
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A repository whose metadata are as long as a real one's: ten releases with their deltas, notes in four languages. */
async function createVendor(folder: string) {
  const platform = openPlatform();
  const [repository, keys] = [
    path.join(folder, 'repository'),
    { folder: path.join(folder, 'keys'), passphrase: undefined },
  ];
  const { rootFile } = demand(await initRepository(platform, { repository, keys, rootKeys: 3, rootThreshold: 2 }));
  const versionOf = (number: number): string => `2026.${number}.0`;
  return {
    repository,
    rootFile,
    async publish(number: number): Promise<{ readonly release: Release; readonly from: string }> {
      const bundle = path.join(folder, 'bundles', versionOf(number));
      writeBundle(bundle, number);
      const text = 'What is new in this version, in a few sentences, as a vendor writes it. '.repeat(4);
      const notes = { en: text, fr: text, de: text, it: text };
      const address = { product: 'business', channel: 'stable', platform: 'linux-x64', version: versionOf(number) };
      const description = { ...address, dataFormat: '20', notes };
      const added = await addRelease(platform, {
        repository,
        keys,
        folder: bundle,
        description,
        compressionLevel: 3,
        deltas: 4,
      });
      return { release: demand(added).release, from: versionOf(number - 1) };
    },
  };
}

/** Files that do not compress; in each release some are others. */
function writeBundle(folder: string, number: number): void {
  mkdirSync(folder, { recursive: true });
  for (let file = 0; file < FILES; file += 1) {
    const edition = file % 10 === 0 ? number : 0;
    writeFileSync(path.join(folder, `part-${file}`), noise(file * 1_000 + edition, 8_192));
  }
}

/** The same seed, the same bytes (xorshift32). */
function noise(seed: number, length: number): Uint8Array {
  let state = seed + 0x9e3779b9;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

async function phase(server: Nginx, act: () => Promise<ClientsReport>) {
  const [startedAt, cpuBefore] = [performance.now(), server.cpuMs()];
  const report = await act();
  const seconds = (performance.now() - startedAt) / 1000;
  return figuresOf(report, server.takeLog(), { seconds, serverCpuMs: server.cpuMs() - cpuBefore });
}

function figuresOf(
  report: ClientsReport,
  requests: readonly AnsweredRequest[],
  { seconds, serverCpuMs }: { readonly seconds: number; readonly serverCpuMs: number },
) {
  const clients = report.times.length;
  const sum = (pick: (request: AnsweredRequest) => number): number => requests.reduce((all, one) => all + pick(one), 0);
  const failed = Object.values(report.faults).reduce((all, count) => all + count, 0);
  return {
    seconds: round(seconds),
    requests: requests.length,
    requestsPerClient: round(requests.length / clients),
    sentBytesPerClient: Math.round(sum(({ sentBytes }) => sentBytes) / clients),
    requestBytesPerClient: Math.round(sum(({ requestBytes }) => requestBytes) / clients),
    notModifiedShare: round(requests.filter(({ status }) => status === 304).length / Math.max(1, requests.length)),
    /** A next root that is not there yet is asked for each time (TUF 1.0 §5.3.3). */
    notFoundShare: round(requests.filter(({ status }) => status === 404).length / Math.max(1, requests.length)),
    errors: failed,
    faults: report.faults,
    requestMs: {
      p50: quantile(
        requests.map(({ milliseconds }) => milliseconds),
        0.5,
      ),
      p99: quantile(
        requests.map(({ milliseconds }) => milliseconds),
        0.99,
      ),
    },
    clientMs: { p50: quantile(report.times, 0.5), p99: quantile(report.times, 0.99) },
    clientCpuMsPerClient: round(report.cpuMs / clients),
    serverCpuMsPerClient: round(serverCpuMs / clients),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

function metadataSizes(repository: string): Readonly<Record<string, number>> {
  const folder = path.join(repository, 'metadata');
  const newest = new Map<string, { readonly version: number; readonly bytes: number }>();
  for (const name of readdirSync(folder)) {
    const [, version = '0', role = 'timestamp'] = /^(\d+)\.(.+)\.json$/u.exec(name) ?? [];
    const known = newest.get(role);
    if (known === undefined || known.version < Number(version))
      newest.set(role, { version: Number(version), bytes: statSync(path.join(folder, name)).size });
  }
  return Object.fromEntries([...newest].map(([role, { bytes }]) => [role, bytes]));
}

function deltaSizes(release: Release, from: string): number {
  const delta = release.deltas?.find((one) => one.from === from);
  return (delta?.manifest.length ?? 0) + (delta?.pack.length ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function demand<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
}
