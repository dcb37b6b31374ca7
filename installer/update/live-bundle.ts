import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import type { InstalledRecord } from './installed.ts';
import { identityAt, undoRenames } from './renames.ts';
import { readSwapPlan, removeSwapPlan } from './swap-plan.ts';

export interface LiveBundlePlaces {
  /** The live path, X. */
  readonly bundle: string;
  /** Where the previous one is kept, X_old. */
  readonly oldBundle: string;
  readonly stateFolder: string;
}

/**
 * Sees to it that one whole bundle is at the live path, from what the disk shows, without any journal.
 *
 * Used when a journal cannot be read, and before any start of the old version: starting the server never depends on the
 * journal (promise 2). A swap that was not committed is taken back by its plan; failing that, `X_old` goes back to `X`.
 * `complete`: what becomes of a swap that was made to its end; it stays where its journal or the record may say that it is final.
 */
export async function ensureLiveBundle(
  files: Files,
  places: LiveBundlePlaces,
  installed: Result<InstalledRecord>,
  log: Log,
  complete: 'take back' | 'keep' = 'take back',
): Promise<Result<void>> {
  const plan = await readSwapPlan(files, places.stateFolder);
  const next = plan.ok ? plan.value?.next : undefined;
  const live = complete === 'keep' ? await identityAt(files, places.bundle) : succeed(undefined);
  const kept = next !== undefined && live.ok && live.value === next;
  if (plan.ok && plan.value !== undefined && !isFinal(installed, next) && !kept) {
    // As in `relyOnSwapPlan`, but a disk that refuses it must not keep the server from a whole bundle.
    await files.syncFolder(places.stateFolder);
    const undone = await undoRenames(files, plan.value.renames);
    log.warn('took an unfinished swap back', { ok: undone.ok, orderId: plan.value.orderId });
    if (undone.ok) {
      await removeSwapPlan(files, places.stateFolder);
    }
  }
  return putOldBack(files, places, log);
}

/** A record that cannot be read does not say so; only whoever knows that nothing was committed asks for `take back` then. */
function isFinal(installed: Result<InstalledRecord>, next: string | undefined): boolean {
  return installed.ok && installed.value.live?.identity === next;
}

/** Pure: may a process run from the bundle in this state? Then no name of it is changed. */
export function mayRun(state: ServerState): boolean {
  return state.kind === 'starting' || 'process' in state;
}

async function putOldBack(files: Files, places: LiveBundlePlaces, log: Log): Promise<Result<void>> {
  const live = await identityAt(files, places.bundle);
  if (!live.ok || live.value !== undefined) {
    return live.ok ? succeed() : live;
  }
  const old = await identityAt(files, places.oldBundle);
  if (!old.ok || old.value === undefined) {
    return old.ok
      ? fail(
          faultOf('bundle-missing', 'neither the live bundle nor the previous one is there', { path: places.bundle }),
        )
      : old;
  }
  log.warn('the live bundle was missing; the previous one is put back', { path: places.bundle });
  return files.renameNew(places.oldBundle, places.bundle);
}
