import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bindMount,
  canMount,
  canMountImage,
  canMountShare,
  mountImage,
  mountTmpfs,
  unmount,
} from '../kit/privilege.ts';
import { until } from '../kit/until.ts';
import { treeDigest } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import type { OmSite } from './kit/om-site.ts';
import { demandValue, openScene, type Scene, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';
import { openStaticServer } from './kit/static-server.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';

/** What is not fit on this machine, and how it becomes fit again. */
interface Unfit {
  readonly name: string;
  readonly code: string;
  /** Of the fault: a part of its path and of its words. */
  readonly at: (site: OmSite) => string;
  readonly detail: RegExp;
  readonly spoil: (site: OmSite) => unknown;
  readonly mend: (site: OmSite) => unknown;
}

const stagingOf = ({ officeMaker }: OmSite): string => join(officeMaker, '.om-launcher-demo');
const oldOf = ({ bundle }: OmSite): string => `${bundle}_old`;

const STRANGERS: readonly Unfit[] = [
  {
    name: 'a stranger lies where the old version goes',
    code: 'already-exists',
    at: oldOf,
    detail: /name for the old version is taken/,
    spoil: (site) => writeFileSync(oldOf(site), 'not ours'),
    mend(site) {
      expect(readFileSync(oldOf(site), 'utf8')).toBe('not ours');
      unlinkSync(oldOf(site));
    },
  },
  {
    name: 'the bundle is a link',
    code: 'path-refused',
    at: ({ bundle }) => bundle,
    detail: /is a link/,
    spoil({ bundle }) {
      renameSync(bundle, `${bundle} elsewhere`);
      symlinkSync(`${bundle} elsewhere`, bundle);
    },
    mend({ bundle }) {
      unlinkSync(bundle);
      renameSync(`${bundle} elsewhere`, bundle);
    },
  },
];

const MOUNTS: readonly Unfit[] = [
  {
    name: 'staging lies on another volume',
    code: 'cross-volume',
    at: stagingOf,
    detail: /another volume/,
    spoil(site) {
      mkdirSync(stagingOf(site), { recursive: true });
      expect(mountTmpfs(stagingOf(site), 'size=64m')).toBe(true);
      onTestFinished(() => unmount(stagingOf(site)));
    },
    mend: (site) => unmount(stagingOf(site)),
  },
  {
    name: 'the bundle is a mount point',
    code: 'volume-refused',
    at: ({ bundle }) => bundle,
    detail: /mount point/,
    spoil({ bundle }) {
      expect(bindMount(bundle)).toBe(true);
      onTestFinished(() => unmount(bundle));
    },
    mend: ({ bundle }) => unmount(bundle),
  },
  {
    name: 'programs cannot be run on the volume',
    code: 'probe-blocked',
    at: ({ officeMaker }) => officeMaker,
    detail: /program/,
    spoil({ officeMaker }) {
      expect(bindMount(officeMaker, 'noexec')).toBe(true);
      onTestFinished(() => unmount(officeMaker));
    },
    mend: ({ officeMaker }) => unmount(officeMaker),
  },
];

const mountsWork = canMount();
const sharesWork = canMountShare();
const imagesWork = canMountImage();

describe('a machine that is not fit for an update', { timeout: 300_000 }, () => {
  it('refuses it by the check of preflight that says why, and nothing else happens', async () => {
    // Machines side by side: half of the time they wait.
    const strangers = async (): Promise<void> => {
      await refuseEach(STRANGERS);
      await behindPortal();
    };
    const volumes = async (): Promise<void> => {
      if (mountsWork) await refuseEach(MOUNTS);
      if (sharesWork) await onShare();
      if (imagesWork) await withoutInodes();
    };
    await Promise.all([strangers(), volumes()]);
  });
});

async function openReady(options: Parameters<typeof openScene>[0] = {}): Promise<Scene> {
  const scene = await openScene({ installed: { version: OLD }, ...options });
  await scene.site.release(NEW);
  return scene;
}

/** The last one by the command line, the others through the port. */
async function refuseEach(cases: readonly Unfit[]): Promise<void> {
  const scene = await openReady();
  const { site } = scene;
  await scene.start();
  for (const [index, unfit] of cases.entries()) {
    const outcomes = cases.slice(0, index + 1).map(() => 'refused' as const);
    await refuse(scene, unfit, index === cases.length - 1).catch((error: unknown) => {
      throw new Error(unfit.name, { cause: error });
    });
    await checkSite(site, { version: OLD, outcomes });
  }
}

async function refuse(scene: Scene, { code, at, detail, spoil, mend }: Unfit, byCommand: boolean): Promise<void> {
  const { site } = scene;
  const before = witness(site);
  await spoil(site);
  if (byCommand) {
    const end = await site.cli(['update']);
    expect({ exit: end.exit, says: end.output + end.errorOutput }).toMatchObject({ exit: 7 });
    expect(end.output + end.errorOutput).toMatch(detail);
  } else {
    const { id } = demandValue(await scene.api.orderUpdate({}));
    expect((await scene.settled(id)).state, told(scene.journal())).toBe('refused');
  }
  const fault = faultOf(scene);
  await mend(site);
  expect(fault, told(scene.journal())).toMatchObject({ code });
  expect(fault?.path, told(scene.journal())).toContain(at(site));
  expect(`${fault?.detail ?? ''} ${fault?.cause?.detail ?? ''}`).toMatch(detail);
  nobodyWarned(scene);
  expect(witness(site)).toEqual(before);
}

/** The whole Office Maker folder is a share; the server runs from it all the same. */
async function onShare(): Promise<void> {
  const scene = await openReady();
  const { site } = scene;
  const elsewhere = join(site.folder, 'on another machine');
  renameSync(site.officeMaker, elsewhere);
  mkdirSync(site.officeMaker);
  await mountShare(elsewhere, site.officeMaker);
  await scene.start();
  const [before, servers] = [treeDigest(elsewhere), processesOf(site).servers];
  const end = await site.cli(['update']);
  expect({ exit: end.exit, says: end.output + end.errorOutput }).toMatchObject({ exit: 7 });
  expect(end.output + end.errorOutput).toMatch(/fuse\.sshfs/);
  expect(faultOf(scene)).toMatchObject({ code: 'volume-refused', path: site.bundle });
  nobodyWarned(scene);
  expect([treeDigest(elsewhere), processesOf(site).servers]).toEqual([before, servers]);
}

const SHARE = join(import.meta.dirname, '../programs/network-share/main.ts');

async function mountShare(folder: string, at: string): Promise<void> {
  const share = spawn(process.execPath, [SHARE, folder, at], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  share.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  const ended = once(share, 'exit');
  onTestFinished(async () => {
    unmount(at);
    // Whoever still waits for the share is let go.
    share.kill('SIGKILL');
    await ended;
  });
  await until(() => said.includes('mounted'), 'the share to be mounted');
}

/** A volume with room for bytes, and for few files: refused while nothing has begun, and again when it fills while unpacking. */
async function withoutInodes(): Promise<void> {
  const server = await openStaticServer();
  onTestFinished(() => server.close());
  const scene = await openReady({ updates: { repository: server.url } });
  const { site } = scene;
  server.folder = site.repository;
  onImage(site, 1_600);
  await scene.start();
  const before = witness(site);
  const hog = join(site.officeMaker, 'hog');
  takeInodes(hog, 600);
  const refused = await site.cli(['update']);
  expect({ exit: refused.exit, says: refused.output + refused.errorOutput }).toMatchObject({ exit: 7 });
  expect(faultOf(scene)).toMatchObject({ code: 'space-short' });
  expect(faultOf(scene)?.detail).toMatch(/more files is needed/);
  rmSync(hog, { recursive: true });
  await checkSite(site, { version: OLD, outcomes: ['refused'] });

  // Preflight has seen enough; now the server's own files, or another program's, take what there is.
  server.onRequest = (path) => {
    if (path.endsWith('.pack') && !existsSync(hog)) takeInodes(hog, Infinity);
  };
  const { id } = demandValue(await scene.api.orderUpdate({}));
  expect((await scene.settled(id)).state, told(scene.journal())).toBe('refused');
  expect(faultOf(scene), told(scene.journal())).toMatchObject({ code: 'disk-full' });
  nobodyWarned(scene);
  expect(witness(site)).toEqual(before);
  rmSync(hog, { recursive: true });
  await checkSite(site, { version: OLD, outcomes: ['refused', 'refused'] });

  server.onRequest = undefined;
  expect((await site.cli(['update'])).exit).toBe(0);
  await checkSite(site, { version: NEW, kept: OLD, outcomes: ['refused', 'refused', 'updated'] });
}

function onImage(site: OmSite, inodes: number): void {
  const aside = join(site.folder, 'aside');
  renameSync(site.bundle, aside);
  expect(mountImage(site.officeMaker, join(site.folder, 'image'), 268_435_456, inodes)).toBe(true);
  onTestFinished(() => unmount(site.officeMaker));
  cpSync(aside, site.bundle, { recursive: true, preserveTimestamps: true });
  rmSync(aside, { recursive: true });
  // What mkfs.ext4 makes belongs to nobody's Office Maker folder.
  rmdirSync(join(site.officeMaker, 'lost+found'));
}

/** Empty files until there are so many, or no inode is left. */
function takeInodes(folder: string, count: number): void {
  try {
    mkdirSync(folder);
    for (let index = 0; index < count; index += 1) writeFileSync(join(folder, String(index)), '');
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

/** Every answer is the page of a captive portal: no metadata, by the command line and for an order. */
async function behindPortal(): Promise<void> {
  const server = await openStaticServer();
  onTestFinished(() => server.close());
  const scene = await openReady({ updates: { repository: server.url } });
  const { site } = scene;
  server.folder = site.repository;
  await scene.start();
  expect((await site.cli(['check'])).exit).toBe(0);
  server.portal = '<!doctype html><title>Welcome to the hotel</title><p>Please log in.\n';
  const trusted = treeDigest(join(site.stateFolder, 'trusted'));
  const end = await site.cli(['check']);
  expect({ exit: end.exit, says: end.output + end.errorOutput }).toMatchObject({ exit: 9 });
  expect(end.output + end.errorOutput).toContain('metadata-invalid');
  expect(treeDigest(join(site.stateFolder, 'trusted'))).toBe(trusted);
  const order = await site.cli(['update']);
  expect({ exit: order.exit, says: order.output + order.errorOutput }).toMatchObject({ exit: 9 });
  nobodyWarned(scene);
  server.portal = undefined;
  expect((await site.cli(['check'])).exit).toBe(0);
  await checkSite(site, { version: OLD, outcomes: ['refused'] });
}

function faultOf(scene: Scene) {
  const failed = scene.journal().findLast((entry) => entry.kind === 'failed');
  return failed?.fault;
}

function nobodyWarned(scene: Scene): void {
  const begun = scene.journal().flatMap((entry) => (entry.kind === 'began' ? [entry.step] : []));
  expect(begun).not.toContain('warn');
}

/** What a refused order must leave exactly as it was. */
function witness(site: OmSite): object {
  return {
    bundle: treeDigest(site.bundle),
    servers: processesOf(site).servers,
    data: readFileSync(site.dataFile, 'utf8'),
  };
}
