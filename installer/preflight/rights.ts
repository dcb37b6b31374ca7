import { dirname, join } from 'node:path';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PreflightDependencies, PreflightRun, PreflightSubject } from './check.ts';
import { checkLayer } from './layer.ts';
import { probingPlace } from './places.ts';
import { clearProbes, PROBE_ENTRY, probeName, removeProbe } from './probe-folder.ts';

/** This account can create, rename and delete where the bundle is swapped: really tried, beside the bundle. */
export const checkRights: PreflightRun = async (dependencies, subject) => {
  const { files } = dependencies;
  const folder = dirname(subject.bundle);
  const cleared = await clearProbes(dependencies, folder);
  if (!cleared.ok) return cleared;
  const probe = join(folder, probeName(subject.bundle));
  const renamed = `${probe}-renamed`;
  const tried = await tryRights(dependencies, folder, probe, renamed);
  for (const path of [probe, renamed]) await removeProbe(files, path);
  if (!tried.ok) return tried;
  const movable = await checkBundleMovable(dependencies, subject, tried.value.owner);
  return movable.ok ? succeed(`${dependencies.machine.account} may create, rename and delete in ${folder}`) : movable;
};

async function tryRights(
  dependencies: PreflightDependencies,
  folder: string,
  probe: string,
  renamed: string,
): Promise<Result<{ readonly owner: number }>> {
  const { files } = dependencies;
  const steps: readonly (readonly [right: string, act: () => Promise<Result<void>>])[] = [
    ['create folders', () => files.makeNewFolder(probe, 0o700)],
    ['create files', () => files.writeDurably(join(probe, PROBE_ENTRY), 'om-launcher\n', 0o600)],
    ['rename folders', () => files.renameNew(probe, renamed)],
    ['delete files', () => files.remove(join(renamed, PROBE_ENTRY))],
  ];
  for (const [right, act] of steps) {
    const done = await act();
    if (!done.ok) return fail(missingRight(dependencies, folder, right, done.fault));
  }
  const facts = await files.facts(renamed);
  if (!facts.ok) return facts;
  const deleted = await files.remove(renamed);
  if (!deleted.ok) return fail(missingRight(dependencies, folder, 'delete folders', deleted.fault));
  return succeed({ owner: facts.value?.owner ?? -1 });
}

function missingRight({ machine }: PreflightDependencies, path: string, right: string, cause: Fault): Fault {
  if (cause.code !== 'no-permission') return { ...cause, path, account: machine.account };
  const more = { path, account: machine.account, values: { right }, cause };
  return faultOf('rights-missing', `the account may not ${right} here`, {
    ...more,
    ...(cause.operation !== undefined && { operation: cause.operation }),
  });
}

/** In a sticky folder only the owner of an entry may rename it (rename(2), EPERM), which a probe of our own cannot show. */
async function checkBundleMovable(
  { files, machine }: PreflightDependencies,
  { bundle }: PreflightSubject,
  ownId: number,
): Promise<Result<void>> {
  const [facts, parent] = [await files.facts(bundle), await files.facts(dirname(bundle))];
  if (!facts.ok) return facts;
  if (!parent.ok) return parent;
  const posix = machine.operatingSystem !== 'windows';
  const sticky = posix && ((parent.value?.mode ?? 0) & 0o1000) !== 0;
  const owners = [facts.value?.owner, parent.value?.owner];
  if (facts.value === undefined || machine.elevated || !sticky || owners.includes(ownId)) return succeed();
  return fail(
    faultOf(
      'rights-missing',
      'the folder is sticky and the bundle belongs to another account, so it cannot be renamed',
      {
        path: bundle,
        account: machine.account,
        operation: 'rename',
        values: { right: 'rename the bundle' },
      },
    ),
  );
}

/** Staging and live path are one volume: a folder is really renamed from one to the other and back. */
export const checkSameVolume: PreflightRun = async (dependencies, { bundle, staging }) => {
  const { files, machine } = dependencies;
  const place = await probingPlace(files, { bundle, staging });
  if (!place.ok) return place;
  const cleared = await clearProbes(dependencies, place.value);
  if (!cleared.ok) return fail(missingRight(dependencies, place.value, 'list', cleared.fault));
  const name = probeName(bundle);
  const [staged, live] = [join(place.value, name), join(dirname(bundle), `${name}-renamed`)];
  const tried = await moveThereAndBack(files, staged, live);
  for (const path of [staged, live]) await removeProbe(files, path);
  if (tried.ok) {
    const movable = await checkLayer(dependencies, { bundle });
    return movable.ok ? succeed(`${staging} is on the bundle's volume`) : movable;
  }
  if (tried.fault.code !== 'cross-volume') {
    return fail(missingRight(dependencies, place.value, 'rename folders', tried.fault));
  }
  const detail = 'the staging folder lies on another volume than the bundle, so the swap could not be one rename';
  const more = { path: staging, operation: 'rename', account: machine.account, values: { bundle }, cause: tried.fault };
  return fail(faultOf('cross-volume', detail, more));
};

/** The folder that moves lies one deeper, so that it changes its parent also where staging starts beside the bundle. */
async function moveThereAndBack(files: Files, probe: string, live: string): Promise<Result<void>> {
  const inner = join(probe, PROBE_ENTRY);
  for (const path of [probe, inner]) {
    const made = await files.makeNewFolder(path, 0o700);
    if (!made.ok) return made;
  }
  const there = await files.renameNew(inner, live);
  return there.ok ? files.renameNew(live, inner) : there;
}
