import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { addRelease, initRepository } from '../../../installer/publish/repository.ts';
import type { Release } from '../../../installer/release.ts';
import { createReleaseSource } from '../../../installer/repository/signed-repository.ts';
import { createStaging } from '../../../installer/staging/staging.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import { isTransient } from '../../../installer/update/next-move.ts';
import type { StepContext } from '../../../installer/update/step.ts';
import { preflight } from '../../../installer/update/steps/01-preflight.ts';
import { download } from '../../../installer/update/steps/02-download.ts';
import { verify } from '../../../installer/update/steps/03-verify.ts';
import { stage } from '../../../installer/update/steps/04-stage.ts';
import type { StepNote, UpdateTools } from '../../../installer/update/tools.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { serveRepository } from '../repository/kit/repository-server.ts';
import { noise, platform, writeTree } from '../staging/scene.ts';
import { valueOf } from '../publish/scene.ts';

const program = noise('program', 900_000);
const library = noise('library', 700_000);
const texts = (version: string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `texts/${index}.txt`,
      `${noise(`${index}`, 400).toString('hex')} ${version}`,
    ]),
  );
const OLD = { server: program, 'lib/a': library, 'Settings/own.json': 'shipped', ...texts('1') };
const NEW = {
  server: Buffer.concat([program.subarray(0, 400_000), noise('fix', 700), program.subarray(400_000)]),
  'lib/a': library,
  'lib/b': noise('new library', 30_000),
  'Settings/own.json': 'shipped',
  ...texts('2'),
};

/** A machine with the old release; the new one is published and served over HTTP. */
async function openMachine(deltas: number) {
  const work = temporaryFolder('bring');
  const [repository, keys] = [join(work, 'repository'), { folder: join(work, 'keys'), passphrase: undefined }];
  const { rootFile } = valueOf(await initRepository(platform, { repository, keys, rootKeys: 1, rootThreshold: 1 }));
  const wanted = { product: 'business', channel: 'stable', platform: 'linux-x64' };
  const publish = async (version: string, tree: Parameters<typeof writeTree>[1]): Promise<Release> => {
    const folder = writeTree(join(work, version), tree);
    const description = { ...wanted, version, dataFormat: '1', notes: {} };
    const request = { repository, keys, folder, description, compressionLevel: 3, deltas };
    return valueOf(await addRelease(platform, request)).release;
  };
  await publish('1.0', OLD);
  const release = await publish('2.0', NEW);
  const server = await serveRepository(filesBelow(repository));
  const bundle = join(work, 'bundle');
  cpSync(join(work, '1.0'), bundle, { recursive: true });
  return { work, release, server, bundle, trust: { ...wanted, root: readFileSync(rootFile) } };
}

function filesBelow(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path)];
    }),
  );
}

type Machine = Awaited<ReturnType<typeof openMachine>>;

/** The first steps of an order, each as the loop would run it. */
function openOrder(machine: Machine, signal = new AbortController().signal) {
  const order = { id: 'order', kind: 'update' } as Order;
  const journal: JournalEntry[] = [{ kind: 'ordered', at: 0, order }];
  const log = createRecordingLog();
  const notes: StepNote[] = [];
  const clock = {
    ...platform.clock,
    sleep: (milliseconds: number, sleepSignal?: AbortSignal) => platform.clock.sleep(milliseconds / 60, sleepSignal),
  };
  const stateFolder = join(machine.work, 'state');
  mkdirSync(stateFolder, { recursive: true });
  const dependencies = { clock, files: platform.files, network: platform.network, log };
  const source = valueOf(
    createReleaseSource(dependencies, { ...machine.trust, location: machine.server.url, stateFolder }),
  );
  onTestFinished(() => source.close());
  const tools = {
    ...dependencies,
    places: {
      bundle: machine.bundle,
      stagingFolder: join(machine.work, 'staging'),
      manifestFolder: join(stateFolder, 'manifests'),
    },
    policy: {},
    eligibility: () => Promise.resolve({ now: Date.now(), delayDays: 0, machineId: 'machine', marks: [] }),
    staging: createStaging(platform),
    openSource: () => Promise.resolve({ ok: true, value: source }),
    installed: { read: () => Promise.resolve({ ok: true, value: { schema: 1, kept: [], bad: [] } }) },
    checks: {
      preflight: () => Promise.resolve({ ok: true }),
      staged: () => Promise.resolve({ ok: true }),
      smoke: (_: string, version?: string) => Promise.resolve({ ok: true, value: version ?? '1.0' }),
    },
    carryOverRules: [],
    carryOver: { carry: () => Promise.resolve({ ok: true, value: {} }) },
  } as unknown as UpdateTools;
  const context: StepContext = { order, journal, inherited: 0, tools, signal, note: (note) => notes.push(note) };
  const steps = { preflight, download, verify, stage };
  const run = async (name: keyof typeof steps) => {
    const outcome = await steps[name].run(context);
    if (outcome.ok) journal.push({ kind: 'done', at: 0, step: name, facts: outcome.value } as JournalEntry);
    return outcome;
  };
  const folder = join(machine.work, 'staging/order');
  return {
    log,
    notes,
    folder,
    staged: join(folder, 'bundle'),
    run,
    async runTo(last: keyof typeof steps) {
      for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
        const outcome = await run(name);
        if (name === last || !outcome.ok) return outcome;
      }
      throw new Error('no such step');
    },
  };
}

function expectRelease(machine: Machine, folder: string): void {
  for (const [path, content] of Object.entries(NEW)) {
    expect(readFileSync(join(folder, path)).equals(Buffer.from(content)), path).toBe(true);
  }
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(existsSync(join(machine.work, 'staging/order/bundle/server'))).toBe(true);
}

let machine: Machine;
beforeEach(async () => {
  machine = await openMachine(1);
});

describe('a release is brought', () => {
  it('by its delta: a few kilobytes, the manifest made of the old one', async () => {
    const order = openOrder(machine);
    expect(await order.runTo('preflight')).toMatchObject({ ok: true });
    const seen = machine.server.seen.map(({ path }) => path);
    expect(seen.some((path) => path.endsWith('.delta-1.0.json.zst'))).toBe(true);
    machine.server.sent = 0;
    const [delta] = machine.release.deltas ?? [];
    const downloaded = await order.run('download');
    expect(downloaded).toMatchObject({ value: { kind: 'delta', bytes: delta?.pack.length } });
    expect(machine.server.sent).toBe(delta?.pack.length);
    expect(machine.server.sent).toBeLessThan(machine.release.pack.length / 10);
    expect(await order.run('verify')).toMatchObject({ ok: true });
    expect(await order.run('stage')).toMatchObject({ ok: true, value: { smokeOutput: '2.0' } });
    expectRelease(machine, order.staged);
    expect(order.notes).toContainEqual(expect.objectContaining({ kind: 'transfer', totalBytes: delta?.pack.length }));
  });

  it('by its delta and some objects where installed files were changed or moved', async () => {
    writeFileSync(join(machine.bundle, 'Settings/own.json'), 'changed here');
    renameSync(join(machine.bundle, 'lib/a'), join(machine.bundle, 'renamed'));
    const order = openOrder(machine);
    expect(await order.runTo('download')).toMatchObject({ ok: true, value: { kind: 'delta' } });
    expect(machine.server.seen.filter(({ path }) => path.endsWith('full.pack')).length).toBeGreaterThan(0);
    await order.run('verify');
    expect(await order.run('stage')).toMatchObject({ ok: true });
    expectRelease(machine, order.staged);
  });

  it('by missing objects where there is no delta, resumed by another launcher at the last whole one', async () => {
    const other = await openMachine(0);
    rmSync(join(other.bundle, 'texts'), { recursive: true });
    const stopped = new AbortController();
    const first = openOrder(other, stopped.signal);
    await first.runTo('preflight');
    let [requests, cut] = [0, 0];
    other.server.misbehave = (request, response, bytes) => {
      if (request.url?.endsWith('full.pack') !== true || bytes === undefined) return false;
      requests += 1;
      const [, from = 0, last = 0] = /bytes=(\d+)-(\d+)/u.exec(request.headers.range ?? '') ?? [];
      if (requests !== 2 || cut > 0) return false;
      const part = bytes.subarray(Number(from), Number(last));
      cut = part.length;
      const range = { 'content-range': `bytes ${from}-${last}/${bytes.length}`, 'content-length': part.length + 1 };
      response.writeHead(206, range);
      response.write(part, () => setTimeout(() => stopped.abort(), 50));
      return true;
    };
    expect(await first.run('download')).toMatchObject({ fault: { code: 'cancelled' } });
    const kept = statSync(join(first.folder, 'objects.pack')).size;
    expect(kept).toBeGreaterThan(0);
    other.server.sent = 0;
    const second = openOrder(other);
    await second.runTo('preflight');
    other.server.sent = 0;
    const downloaded = await second.run('download');
    expect(downloaded).toMatchObject({ value: { kind: 'objects' } });
    const { bytes } = (downloaded as { value: { bytes: number } }).value;
    expect(other.server.sent).toBeLessThan(bytes);
    expect(bytes).toBeLessThan(other.release.pack.length);
    await second.run('verify');
    expect(await second.run('stage')).toMatchObject({ ok: true });
    expectRelease(other, second.staged);
  });

  it('whole on a machine that has nothing of it', async () => {
    rmSync(machine.bundle, { recursive: true });
    mkdirSync(machine.bundle);
    const order = openOrder(machine);
    expect(await order.runTo('download')).toMatchObject({
      value: { kind: 'full', bytes: machine.release.pack.length },
    });
    await order.run('verify');
    expect(await order.run('stage')).toMatchObject({ ok: true });
    expectRelease(machine, order.staged);
  });
});

describe('a delta that fails', () => {
  const spoil = (path: RegExp): void => {
    machine.server.misbehave = (request, response, bytes) => {
      if (!path.test(request.url ?? '') || bytes === undefined) return false;
      const spoilt = Buffer.from(bytes);
      spoilt[spoilt.length >> 1] = (spoilt[spoilt.length >> 1] ?? 0) ^ 1;
      response.writeHead(200, { 'content-length': spoilt.length }).end(spoilt);
      return true;
    };
  };

  it('on the way is evicted, told, and the full pack taken', async () => {
    spoil(/delta-1\.0\.pack$/u);
    const order = openOrder(machine);
    expect(await order.runTo('download')).toMatchObject({
      value: { kind: 'full', evicted: { kind: 'delta', code: 'digest-mismatch' } },
    });
    expect(order.notes).toContainEqual(expect.objectContaining({ kind: 'full-instead' }));
    expect(readdirSync(order.folder).filter((name) => name.startsWith('delta.pack'))).toEqual([]);
    await order.run('verify');
    expect(await order.run('stage')).toMatchObject({ ok: true });
    expectRelease(machine, order.staged);
  });

  it('in its manifest is left aside in preflight', async () => {
    spoil(/delta-1\.0\.json\.zst$/u);
    const order = openOrder(machine);
    expect(await order.runTo('download')).toMatchObject({ ok: true, value: { kind: 'objects' } });
    await order.run('verify');
    expect(await order.run('stage')).toMatchObject({ ok: true });
    expectRelease(machine, order.staged);
  });

  it('on disk before it is verified is evicted', async () => {
    const order = openOrder(machine);
    await order.runTo('download');
    writeFileSync(join(order.folder, 'delta.pack'), 'rotten');
    expect(await order.run('verify')).toMatchObject({ ok: true, value: { bytes: machine.release.pack.length } });
    expect(await order.run('stage')).toMatchObject({ ok: true });
    expectRelease(machine, order.staged);
  });

  it('because an installed file changed since it was looked at is evicted while staging, once and for all', async () => {
    const order = openOrder(machine);
    await order.runTo('verify');
    writeFileSync(join(machine.bundle, 'server'), program.subarray(1));
    const staged = await order.run('stage');
    expect(staged).toMatchObject({ ok: true, value: { evicted: { kind: 'delta' } } });
    expectRelease(machine, order.staged);
    expect(order.log.messages()).toContain('a shorter way failed: the full pack is fetched');
    machine.server.sent = 0;
    expect(await order.run('stage')).toMatchObject({ ok: true });
    expect(machine.server.sent).toBe(0);
  });
});

describe('the list of what the live release shipped', () => {
  const OF_OLD = /\/1\.0\/.*manifest\.json\.zst$/u;
  const manifests = (): string => join(machine.work, 'state/manifests');
  const refuse = (status: number): void => {
    machine.server.misbehave = (request, response) => {
      if (!OF_OLD.test(request.url ?? '')) return false;
      response.writeHead(status).end();
      return true;
    };
  };

  it.each([503, 404])('ends the order where it cannot be fetched (%i), before anything is touched', async (status) => {
    refuse(status);
    const order = openOrder(machine);
    const ended = await order.run('preflight');
    expect(ended).toMatchObject({
      ok: false,
      fault: {
        code: 'shipped-list-missing',
        values: { version: '1.0' },
        cause: { code: expect.any(String) as unknown },
      },
    });
    expect(!ended.ok && isTransient(ended.fault)).toBe(true);
    expect(existsSync(order.folder)).toBe(false);
    machine.server.misbehave = () => false;
    expect(await order.run('preflight')).toMatchObject({
      value: { shippedManifest: expect.stringContaining(manifests()) as unknown },
    });
  });

  it('is kept on disk: the next order needs nobody for it', async () => {
    expect(await openOrder(machine).run('preflight')).toMatchObject({ ok: true });
    refuse(503);
    expect(await openOrder(machine).run('preflight')).toMatchObject({ ok: true });
  });

  it('is fetched again where it was damaged on disk', async () => {
    const first = await openOrder(machine).run('preflight');
    const { shippedManifest } = (first as { value: { shippedManifest: string } }).value;
    const whole = readFileSync(shippedManifest);
    for (const damaged of [Buffer.alloc(0), whole.subarray(0, 20), Buffer.from('garbage')]) {
      writeFileSync(shippedManifest, damaged);
      expect(await openOrder(machine).run('preflight')).toMatchObject({ value: { shippedManifest } });
      expect(readFileSync(shippedManifest)).toEqual(whole);
    }
  });
});
