import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { bindMount, canMount, unmount } from '../kit/privilege.ts';
import { connectClient } from '../programs/om-client/om-client.ts';
import { hasStrace } from '../faults/traced-launcher.ts';
import { differencesFrom } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import type { OmSite } from './kit/om-site.ts';
import { demandValue, openScene, type Scene, told } from './kit/scene.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
const LAUNCHER = join(import.meta.dirname, '../../launcher/main.ts');

const isRoot = process.getuid?.() === 0;
const mountsWork = canMount();
const canBeNobody = isRoot && spawnSync('setpriv', ['--version']).status === 0;
if (!canBeNobody) process.stderr.write('not run: needs root and setpriv (an account without rights)\n');
const straceWorks = hasStrace();
if (!straceWorks) {
  if (process.env['CI'] === 'true') throw new Error('strace does not work here');
  process.stderr.write('not run: needs strace (a disk that fails)\n');
}

describe('a swap that is disturbed', { timeout: 300_000 }, () => {
  it('is tried again with a limit, and ends all old or all new', async () => {
    await Promise.all([mountsWork && busy(), canBeNobody && forbidden(), straceWorks && failingDisk()]);
  });
});

/**
 * The second rename meets EBUSY: the staged bundle is a mount point since it was staged, as far as the kernel is concerned. The
 * old one has left its place by then.
 */
async function busy(): Promise<void> {
  const scene = await openReady();
  const { site } = scene;
  const owned = isRoot ? ownFiles(site) : [];
  const data = readFileSync(site.dataFile);
  const forGood = await heldBeforeSwap(scene);
  // Three tries, 5 and 10 s apart; what is not given free until then is left, and the way back is free.
  await scene.reached('undo-began', 'swap', forGood.id);
  unmount(forGood.staged);
  expect((await scene.settled(forGood.id)).state, told(scene.journal())).toBe('fell-back');
  const tries = scene.journal().filter((entry) => entry.kind === 'failed' && entry.step === 'swap');
  expect(tries, told(scene.journal())).toHaveLength(3);
  expect(tries).toMatchObject(tries.map(() => ({ fault: { code: 'file-held', path: forGood.staged } })));
  await checkSite(site, { version: OLD, outcomes: ['fell-back'] });
  expect(readFileSync(site.dataFile)).toEqual(data);
  expect(demandValue(await scene.api.releases()).filter(({ state }) => state === 'bad')).toEqual([]);

  const passing = await heldBeforeSwap(scene);
  await scene.reached('failed', 'swap', passing.id);
  // Between the renames nothing is live, and nothing is lost.
  expect(differencesFrom(site, `${site.bundle}_old`, OLD)).toEqual([]);
  unmount(passing.staged);
  expect((await scene.settled(passing.id)).state, told(scene.journal())).toBe('updated');
  await checkSite(site, { version: NEW, kept: OLD, outcomes: ['fell-back', 'updated'] });
  for (const file of owned) expect({ file, ...ownersOf(site, file) }).toEqual({ file, uid: 1_234, gid: 2_345 });
}

/** An order that has staged its bundle and waits for a user, with the staged bundle held; the user has left when it returns. */
async function heldBeforeSwap(scene: Scene): Promise<{ readonly id: string; readonly staged: string }> {
  const { site } = scene;
  const { id, goOn } = await waiting(scene);
  const staged = join(site.officeMaker, '.om-launcher-demo', id, 'bundle');
  expect(bindMount(staged)).toBe(true);
  onTestFinished(() => unmount(staged));
  await goOn();
  return { id, staged };
}

/** A whole order but for the time after the users were told: one of them is still there until `goOn`. */
async function waiting(scene: Scene): Promise<{ readonly id: string; readonly goOn: () => Promise<void> }> {
  const { site } = scene;
  const anna = await connectClient({ host: '127.0.0.1', port: site.serverPort, user: 'anna', password: 'anna' });
  onTestFinished(() => anna.destroy());
  await anna.login();
  const { id } = demandValue(await scene.api.orderUpdate({ delaySeconds: 600 }));
  await scene.reached('began', 'drain', id);
  return { id, goOn: async () => anna.leave() };
}

/** Files that the admin changed, and has given to another account. */
function ownFiles({ bundle }: OmSite): readonly string[] {
  const files = ['Server Database/Settings/directory.json', 'Server Database/key.pem'];
  for (const file of files) chownSync(join(bundle, file), 1_234, 2_345);
  return files;
}

function ownersOf({ bundle }: OmSite, file: string): { readonly uid: number; readonly gid: number } {
  const { uid, gid } = lstatSync(join(bundle, file));
  return { uid, gid };
}

/** The first rename meets EACCES: since preflight, somebody has closed the folder to the launcher's account. */
async function forbidden(): Promise<void> {
  const launcher = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, LAUNCHER];
  const scene = await openReady({ launcher }, ({ folder }) => spawnSync('chown', ['-R', '65534:65534', folder]));
  const { site } = scene;
  const { id, goOn } = await waiting(scene);
  chownSync(site.officeMaker, 0, 0);
  await goOn();
  await scene.reached('undo-began', 'swap', id);
  expect(differencesFrom(site, site.bundle, OLD)).toEqual([]);
  chownSync(site.officeMaker, 65_534, 65_534);
  const end = await scene.settled(id);
  expect(end, told(scene.journal())).toMatchObject({ state: 'fell-back', error: { code: 'no-permission' } });
  expect(JSON.stringify(end.error)).toContain(site.bundle);
  await checkSite(site, { version: OLD, outcomes: ['fell-back'] });
  expect((await site.cli(['update'])).exit).toBe(0);
  await checkSite(site, { version: NEW, kept: OLD, outcomes: ['fell-back', 'updated'] });
}

/** Every write to one file of the new bundle fails with EIO, whichever thread makes it. */
async function failingDisk(): Promise<void> {
  const id = 'order-on-a-failing-disk';
  const script = join(temporaryFolder('failing-disk'), 'launcher.sh');
  const scene = await openReady(
    { launcher: ['/bin/sh', script], updates: { staging: 'in-process' } },
    ({ officeMaker }) => {
      const file = join(officeMaker, '.om-launcher-demo', id, 'bundle/Resources/libraries.bin');
      const strace = `strace -D -f -qq --seccomp-bpf -e signal=none -o /dev/null -P '${file}'`;
      const inject = '-e trace=write,pwrite64,writev --inject=write,pwrite64,writev:error=EIO';
      writeFileSync(script, `exec ${strace} ${inject} '${process.execPath}' '${LAUNCHER}' "$@"\n`);
    },
  );
  const { site } = scene;
  demandValue(await scene.api.orderUpdate({ id }));
  const end = await scene.settled(id);
  expect(end, told(scene.journal())).toMatchObject({ state: 'refused', error: { code: 'io-error' } });
  const begun = scene.journal().flatMap((entry) => (entry.kind === 'began' ? [entry.step] : []));
  expect(begun.filter((step) => step === 'stage')).toHaveLength(3);
  expect(begun).not.toContain('warn');
  await checkSite(site, { version: OLD, outcomes: ['refused'] });
}

async function openReady(
  options: Parameters<typeof openScene>[0] = {},
  prepare?: (site: OmSite) => unknown,
): Promise<Scene> {
  const scene = await openScene({ installed: { version: OLD }, ...options });
  await scene.site.release(NEW);
  prepare?.(scene.site);
  await scene.start();
  return scene;
}
