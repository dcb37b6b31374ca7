import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testCertificate } from '../kit/certificates.ts';
import { etagOf, type Misbehaviour, rangeStart } from '../installer/repository/kit/repository-server.ts';
import { newKey } from '../installer/repository/kit/tuf-repository.ts';
import { ARCHIVE_CASES, type ContentCase, DOWNLOAD_CASES } from './hostile/content-cases.ts';
import { METADATA_CASES } from './hostile/metadata-cases.ts';
import { answering, keepingVersions, NEW, OLD, openStage, type Stage } from './hostile/vendor.ts';
import { treeDigest } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import { demandValue, type Scene, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';

describe('a hostile repository, against a running launcher', { timeout: 300_000 }, () => {
  it('lists that lie are refused when it looks and when it is ordered, before any file is asked for', async () => {
    const stage = await openStage();
    const { scene, server, repository, trap } = stage;
    for (const { name, act, code, validList = false } of METADATA_CASES) {
      stage.beHonest();
      expect({ name, sees: await seen(scene) }).toEqual({ name, sees: NEW });
      const before = { ...witness(scene), ...(validList ? {} : trustOf(scene)) };
      const asked = server.seen.length;
      keepingVersions(repository, () => act(stage));
      expect({ name, looked: await seen(scene), ordered: await ordered(scene) }).toEqual({
        name,
        looked: code,
        ordered: code,
      });
      const after = { ...witness(scene), ...(validList ? {} : trustOf(scene)) };
      expect({ name, ...after }).toEqual({ name, ...before });
      expect({ name, files: filesAsked(stage, asked) }).toEqual({ name, files: [] });
    }
    expect(trap.seen).toEqual([]);
    stage.beHonest();
    expect(await ordered(scene)).toBe('updated');
    await checkSite(scene.site, { version: NEW, kept: OLD, outcomes: [...METADATA_CASES.map(refused), 'updated'] });
  });

  it('files that are not the signed ones, and archives that are signed but hostile, are refused and write nothing', async () => {
    const stage = await openStage();
    const { scene, server } = stage;
    const cases = [...DOWNLOAD_CASES, ...ARCHIVE_CASES];
    await refuseAll(stage, cases);
    server.misbehave = cutting(3);
    expect(await ordered(scene)).toBe('updated');
    expect(server.seen.filter(({ path }) => path.endsWith('.full.pack')).length).toBeGreaterThan(3);
    await checkSite(scene.site, { version: NEW, kept: OLD, outcomes: [...cases.map(refused), 'updated'] });
  });

  it('certificates that are not the repository’s are three different faults; with the right one 40 rotations of all keys are followed', async () => {
    const stage = await openStage({ secure: true });
    const { scene, server, trap, repository } = stage;
    const told: Record<string, unknown> = {};
    for (const name of ['self-signed', 'expired', 'elsewhere'] as const) {
      server.present(testCertificate(name));
      told[name] = await seen(scene);
    }
    expect(told).toEqual({ 'self-signed': 'tls-untrusted', expired: 'tls-expired', elsewhere: 'tls-wrong-host' });
    expect(server.seen).toEqual([]);
    server.present(testCertificate('localhost'));
    server.misbehave = answering(/^\/metadata\/timestamp/u, (response) =>
      response.writeHead(302, { location: trap.url }).end(),
    );
    expect(await seen(scene)).toBe('redirect-refused');
    expect(trap.seen).toEqual([]);
    stage.beHonest();
    expect(await seen(scene)).toBe(NEW);
    for (let rotation = 0; rotation < 40; rotation += 1) {
      const old = [...repository.keys.root];
      repository.keys.root.splice(0, 3, newKey(), newKey(), newKey());
      repository.keys.timestamp.splice(0, 1, newKey());
      repository.rotate({ keys: [...old, ...repository.keys.root] });
    }
    repository.issue();
    expect(await seen(scene)).toBe(NEW);
    const trust = join(scene.site.stateFolder, 'trusted/trust');
    for (const spoilt of ['', 'garbage', '{"signed":{}}']) {
      const names = readdirSync(trust);
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) writeFileSync(join(trust, name), spoilt);
      expect({ spoilt, sees: await seen(scene) }).toEqual({ spoilt, sees: NEW });
    }
  });
});

/** One after the other below one launcher; each is followed by honest lists again. */
async function refuseAll(stage: Stage, cases: readonly ContentCase[]): Promise<void> {
  const { scene } = stage;
  for (const { name, act, code } of cases) {
    stage.beHonest();
    expect({ name, sees: await seen(scene) }).toEqual({ name, sees: NEW });
    const before = witness(scene);
    act(stage);
    expect({ name, looked: await seen(scene), ordered: await ordered(scene) }).toEqual({
      name,
      looked: NEW,
      ordered: code,
    });
    expect({ name, ...witness(scene) }).toEqual({ name, ...before });
  }
  expect(stage.trap.seen).toEqual([]);
  stage.beHonest();
}

/** The version that a look finds, or the fault. */
async function seen({ api }: Scene): Promise<string | undefined> {
  const looked = await api.check();
  return looked.ok ? looked.value.available?.version : looked.fault.code;
}

/** The fault by which an order is refused, or how it ends otherwise. */
async function ordered(scene: Scene): Promise<string | undefined> {
  const { id } = demandValue(await scene.api.orderUpdate({}));
  const { state, error } = await scene.settled(id);
  return state === 'refused' ? error?.code : `${state}${state === 'updated' ? '' : `: ${told(scene.journal())}`}`;
}

function refused(): 'refused' {
  return 'refused';
}

/** What a refused look or order must leave as it was. */
function witness({ site }: Scene): object {
  const staging = join(site.officeMaker, '.om-launcher-demo');
  return {
    bundle: treeDigest(site.bundle),
    beside: readdirSync(site.officeMaker).filter((name) => !name.startsWith('.om-launcher-')),
    around: readdirSync(site.folder).sort(),
    staging: existsSync(staging) ? readdirSync(staging) : [],
    servers: processesOf(site).servers,
    data: readFileSync(site.dataFile, 'utf8'),
  };
}

/** The versions that count as seen: none of them may come of a list that was refused. */
function trustOf({ site }: Scene): object {
  const floor = JSON.parse(readFileSync(join(site.stateFolder, 'trusted/version-floor.json'), 'utf8')) as object;
  return { floor: { ...floor, verifiedAtMs: 0 } };
}

function filesAsked({ server }: Stage, from: number): readonly string[] {
  return server.seen.slice(from).flatMap(({ path }) => (path.startsWith('targets/') ? [path] : []));
}

/** The first so many answers with a pack end early; one of them begins at 0 though it was asked for a range. */
function cutting(times: number): Misbehaviour {
  let left = times;
  return (request, response, bytes) => {
    if (left === 0 || bytes === undefined || request.url?.endsWith('.full.pack') !== true) return false;
    const from = left === 1 ? 0 : rangeStart(request);
    const until = Math.min(bytes.length, from + Math.ceil(bytes.length / 3));
    left -= 1;
    const range = { 'content-range': `bytes ${String(from)}-${String(bytes.length - 1)}/${String(bytes.length)}` };
    response.writeHead(from === 0 ? 200 : 206, {
      'content-length': bytes.length - from,
      etag: etagOf(bytes),
      ...(from === 0 ? {} : range),
    });
    response.write(bytes.subarray(from, until), () => response.destroy());
    return true;
  };
}
