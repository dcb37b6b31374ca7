import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { loadAnchor, refreshRepository } from '../../installer/publish/repository.ts';
import { packOmu } from '../../installer/publish/pack-omu.ts';
import { canMount, mountTmpfs, unmount } from '../kit/privilege.ts';
import { connectClient, type OmClient } from '../programs/om-client/om-client.ts';
import { treeDigest } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import type { OmSite } from './kit/om-site.ts';
import { demandValue, openScene, type Scene, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';
import { demand } from './kit/site.ts';

const OLD = '2026.2.0';
const NEW = '2026.3.0';
const NEXT = '2026.4.0';
const DAY_MS = 86_400_000;

interface Spoilt {
  readonly name: string;
  readonly spoil: (site: OmSite) => unknown;
  readonly mend?: (site: OmSite) => unknown;
  readonly args?: readonly string[];
  readonly code: string;
  readonly exit: number;
  /** The stand-in server reads its bundle while it runs, and ends without it; the launcher starts it again. */
  readonly serverEnds?: true;
}

/** What is wrong with the repository or the machine; each is undone before the next. */
const SPOILT: readonly Spoilt[] = [
  { name: 'no signature', spoil: (site) => changeTimestamp(site, () => []), code: 'signature-invalid', exit: 9 },
  {
    name: 'a bad signature',
    spoil: (site) => changeTimestamp(site, (signatures) => signatures.map((one) => ({ ...one, sig: flip(one.sig) }))),
    code: 'signature-invalid',
    exit: 9,
  },
  { name: 'an expired timestamp', spoil: expireTimestamp, code: 'metadata-expired', exit: 9 },
  { name: 'metadata of yesterday', spoil: replay, mend: endReplay, code: 'metadata-rollback', exit: 9 },
  {
    name: 'a pack that is cut short',
    spoil: (site) => truncateSync(targetOf(site, NEW, '.pack'), 20_000),
    code: 'digest-mismatch',
    exit: 9,
  },
  {
    name: 'a pack with one other byte',
    spoil: (site) => alterByte(targetOf(site, NEW, '.pack')),
    code: 'digest-mismatch',
    exit: 9,
  },
  {
    name: 'a manifest with one other byte',
    spoil: (site) => alterByte(targetOf(site, NEW, '.json.zst')),
    code: 'digest-mismatch',
    exit: 9,
  },
  {
    name: 'a release for another product',
    spoil: (site) => publishOther(site, { product: 'finance' }),
    mend: stays,
    args: ['--to', '2026.7.0'],
    code: 'release-unknown',
    exit: 7,
  },
  {
    name: 'a release for another platform',
    spoil: (site) => publishOther(site, { platform: 'windows-x64' }),
    mend: stays,
    args: ['--to', '2026.7.0'],
    code: 'release-unknown',
    exit: 7,
  },
  {
    name: 'a release for a newer launcher',
    spoil: (site) => publishOther(site, { minClient: '99.0' }, '2026.8.0'),
    mend: stays,
    args: ['--to', '2026.8.0'],
    code: 'launcher-too-old',
    exit: 7,
  },
  {
    name: 'a release for older launchers',
    spoil: (site) => publishOther(site, { maxClient: '0.0.1' }, '2026.9.0'),
    mend: stays,
    args: ['--to', '2026.9.0'],
    code: 'launcher-too-new',
    exit: 7,
  },
  {
    name: 'a repository that is away',
    spoil: (site) => renameSync(site.repository, `${site.repository}.away`),
    mend: (site) => renameSync(`${site.repository}.away`, site.repository),
    code: 'not-found',
    exit: 7,
  },
  {
    name: 'an installed bundle that is away',
    spoil: (site) => renameSync(site.bundle, `${site.bundle}.away`),
    mend: (site) => renameSync(`${site.bundle}.away`, site.bundle),
    code: 'bundle-missing',
    exit: 7,
    serverEnds: true,
  },
];

describe(
  'an order that cannot be trusted or carried out is refused before anybody is warned',
  { timeout: 150_000 },
  () => {
    it('whatever is wrong with the repository or the machine', async () => {
      const scene = await openReady();
      const { site } = scene;
      const anna = await login(scene);
      const before = witness(site);
      const copy = join(site.folder, 'repository-copy');
      for (const [index, { name, spoil, mend, args = [], code, exit, serverEnds }] of SPOILT.entries()) {
        if (mend === undefined) cpSync(site.repository, copy, { recursive: true });
        await spoil(site);
        const end = await site.cli(['update', ...args]);
        const journal = scene.journal();
        await mend?.(site);
        if (mend === undefined) {
          rmSync(site.repository, { recursive: true });
          renameSync(copy, site.repository);
        }
        const fault = journal.findLast((entry) => entry.kind === 'failed');
        expect(
          { name, exit: end.exit, code: fault?.fault.code, warned: hasBegun(journal, 'warn') },
          told(journal),
        ).toEqual({
          name,
          exit,
          code,
          warned: false,
        });
        const [found, wanted] = [witness(site), before].map((all) => ({
          ...all,
          ...(serverEnds && { servers: 'any' }),
        }));
        expect({ name, ...found }).toEqual({ name, ...wanted });
        expect(anna.notices(), name).toEqual([]);
        await checkSite(site, { version: OLD, outcomes: SPOILT.slice(0, index + 1).map(() => 'refused') });
      }
      // With everything mended, the very same order goes through.
      anna.destroy();
      expect((await site.cli(['update'])).exit).toBe(0);
      await checkSite(site, {
        version: NEW,
        kept: OLD,
        outcomes: [...SPOILT.map(() => 'refused' as const), 'updated'],
      });
    });

    it('an older version, unless a person names it', async () => {
      const scene = await openScene({ installed: { version: OLD } });
      const { site } = scene;
      await site.release('2026.1.0');
      await scene.start();
      expect((await site.cli(['update'])).exit).toBe(6);
      await checkSite(site, { version: OLD, outcomes: ['refused'] });
      expect((await site.cli(['update', '--to', '2026.1.0'])).exit).toBe(0);
      await checkSite(site, { version: '2026.1.0', kept: OLD, outcomes: ['refused', 'updated'] });
    });

    it('a second order while one runs; the same id is the same order', async () => {
      const scene = await openReady();
      const { site, api } = scene;
      const anna = await login(scene);
      const first = demandValue(await api.orderUpdate({ id: 'order-first', delaySeconds: 600 }));
      await scene.reached('began', 'drain');
      expect(demandValue(await api.orderUpdate({ id: 'order-first' })).id).toBe(first.id);
      expect(await api.orderUpdate({ id: 'order-second' })).toMatchObject({
        ok: false,
        fault: { code: 'update-running', values: { updateId: 'order-first' } },
      });
      expect(await site.cli(['update'])).toMatchObject({ exit: 5 });
      await anna.leave();
      expect((await scene.settled(first.id)).state).toBe('updated');
      expect(demandValue(await api.orderUpdate({ id: 'order-first' }))).toMatchObject({ state: 'updated' });
      await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
    });

    it('a release file that was tampered with; a good one is installed', async () => {
      const scene = await openReady();
      const { site } = scene;
      expect((await site.cli(['update'])).exit).toBe(0);
      await site.release(NEXT);
      const file = join(site.folder, 'release.omu');
      const { files } = openPlatform();
      const anchor = demand(await loadAnchor(files, site.repository, { kind: 'keys', folder: site.keys }));
      demand(await packOmu(files, { repository: site.repository, anchor, choice: { version: NEXT }, output: file }));
      const tampered = join(site.folder, 'tampered.omu');
      cpSync(file, tampered);
      alterByte(tampered);
      const before = witness(site);
      expect(await site.cli(['update', '--from', tampered])).toMatchObject({ exit: 9 });
      expect(hasBegun(scene.journal(), 'warn'), told(scene.journal())).toBe(false);
      expect(witness(site)).toEqual(before);
      renameSync(site.repository, `${site.repository}.away`);
      expect(await site.cli(['update', '--from', file])).toMatchObject({ exit: 0 });
      await checkSite(site, { version: NEXT, kept: NEW, outcomes: ['updated', 'refused', 'updated'] });
    });

    it('users are not asked to leave while the server backs its data up', async () => {
      const scene = await openReady();
      const { site, api } = scene;
      const anna = await login(scene);
      await anna.backup(2_500);
      const backedUpAt = performance.now() + 2_500;
      const noticed = new Promise<number>((resolve) => anna.onNotice(() => resolve(performance.now())));
      const { id } = demandValue(await api.orderUpdate({ delaySeconds: 1 }));
      expect(await noticed).toBeGreaterThan(backedUpAt - 250);
      expect((await scene.settled(id)).state).toBe('updated');
      await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
    });
  },
);

const isRoot = process.getuid?.() === 0;
const canBeNobody = isRoot && spawnSync('setpriv', ['--version']).status === 0;
if (!canBeNobody) process.stderr.write('not run: needs root and setpriv (an account without rights)\n');

describe('the place of the bundle', { timeout: 150_000 }, () => {
  it.runIf(canBeNobody)('in which the account may not write is refused with path and account', async () => {
    const launcher = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, LAUNCHER];
    const scene = await openScene({ launcher, installed: { version: OLD } });
    const { site } = scene;
    await site.release(NEW);
    spawnSync('chown', ['-R', '65534:65534', site.folder]);
    // Staging is made beforehand: only the folder of the bundle itself is closed.
    spawnSync('chown', ['0:0', site.officeMaker]);
    await scene.start();
    const before = witness(site);
    const end = await site.cli(['update']);
    expect(end.exit, end.output + end.errorOutput).toBe(7);
    const fault = scene.journal().find((entry) => entry.kind === 'failed');
    expect(fault?.fault, told(scene.journal())).toMatchObject({
      code: 'rights-missing',
      path: site.officeMaker,
      account: 'nobody',
    });
    expect(witness(site)).toEqual(before);
    await checkSite(site, { version: OLD, outcomes: ['refused'] });
  });

  it.runIf(canMount())('without room for the release is refused with what is missing', async () => {
    const scene = await openScene({ installed: { version: OLD } });
    const { site } = scene;
    await site.release(NEW, { size: { largeBytes: 8_000_000 } });
    const aside = join(site.folder, 'aside');
    renameSync(site.bundle, aside);
    expect(mountTmpfs(site.officeMaker, 'size=6m')).toBe(true);
    onTestFinished(() => unmount(site.officeMaker));
    spawnSync('cp', ['-a', aside, site.bundle]);
    rmSync(aside, { recursive: true });
    await scene.start();
    const before = witness(site);
    const end = await site.cli(['update']);
    expect(end.exit, end.output + end.errorOutput).toBe(7);
    expect(scene.journal().find((entry) => entry.kind === 'failed')).toMatchObject({ fault: { code: 'space-short' } });
    expect(witness(site)).toEqual(before);
    await checkSite(site, { version: OLD, outcomes: ['refused'] });
  });
});

const LAUNCHER = join(import.meta.dirname, '../../launcher/main.ts');

async function openReady(): Promise<Scene> {
  const scene = await openScene({ installed: { version: OLD } });
  await scene.site.release(NEW);
  await scene.start();
  return scene;
}

async function login({ site }: Scene): Promise<OmClient> {
  const client = await connectClient({ host: '127.0.0.1', port: site.serverPort, user: 'anna', password: 'anna' });
  onTestFinished(() => client.destroy());
  await client.login();
  return client;
}

/** What a refused order must leave exactly as it was. */
function witness(site: OmSite): object {
  return {
    bundle: treeDigest(site.bundle),
    servers: processesOf(site).servers,
    data: readFileSync(site.dataFile, 'utf8'),
  };
}

function hasBegun(journal: ReturnType<Scene['journal']>, step: string): boolean {
  return journal.some((entry) => entry.kind === 'began' && entry.step === step);
}

interface Signature {
  readonly keyid: string;
  readonly sig: string;
}

function changeTimestamp({ repository }: OmSite, change: (signatures: readonly Signature[]) => unknown): void {
  const file = join(repository, 'metadata/timestamp.json');
  const metadata = JSON.parse(readFileSync(file, 'utf8')) as { signatures: unknown };
  writeFileSync(file, JSON.stringify({ ...metadata, signatures: change(metadata.signatures as Signature[]) }));
}

/** A release for others lies there rightly; taking it back would be a replay. */
function stays(): void {
  return undefined;
}

/** Another last digit. */
function flip(hexadecimal: string): string {
  return `${hexadecimal.slice(0, -1)}${hexadecimal.endsWith('0') ? '1' : '0'}`;
}

/** Signed by the right key, a year ago. */
async function expireTimestamp({ repository, keys }: OmSite): Promise<void> {
  const platform = openPlatform();
  const clock = { ...platform.clock, now: () => platform.clock.now() - 365 * DAY_MS };
  const request = { repository, keys: { folder: keys, passphrase: undefined }, roles: ['timestamp'] };
  demand(await refreshRepository({ ...platform, clock }, request));
}

/** The launcher has seen the present metadata; now it is offered what it was before a later refresh. */
async function replay(site: OmSite): Promise<void> {
  const { metadata, older, newer } = metadataPlaces(site);
  cpSync(metadata, older, { recursive: true });
  const keys = { folder: site.keys, passphrase: undefined };
  demand(await refreshRepository(openPlatform(), { repository: site.repository, keys, roles: ['snapshot'] }));
  expect((await site.cli(['check'])).exit).toBe(0);
  renameSync(metadata, newer);
  renameSync(older, metadata);
}

function endReplay(site: OmSite): void {
  const { metadata, newer } = metadataPlaces(site);
  rmSync(metadata, { recursive: true });
  renameSync(newer, metadata);
}

function metadataPlaces({ folder, repository }: OmSite): { metadata: string; older: string; newer: string } {
  return {
    metadata: join(repository, 'metadata'),
    older: join(folder, 'older-metadata'),
    newer: join(folder, 'newer-metadata'),
  };
}

function targetOf({ repository }: OmSite, version: string, ending: string): string {
  const targets = join(repository, 'targets');
  const names = readdirSync(targets, { recursive: true, encoding: 'utf8' });
  const name = names.find((candidate) => candidate.includes(version) && candidate.endsWith(ending));
  if (name === undefined) throw new Error(`no target ${version} ${ending} in ${names.join(', ')}`);
  return join(targets, name);
}

function alterByte(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

async function publishOther(
  site: OmSite,
  more: {
    readonly product?: string;
    readonly platform?: string;
    readonly minClient?: string;
    readonly maxClient?: string;
  },
  version = '2026.7.0',
): Promise<void> {
  const folder = join(site.folder, 'releases', NEW);
  expect(existsSync(folder)).toBe(true);
  await site.publish(folder, version, more);
}
