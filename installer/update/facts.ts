import type { FileFacts } from '../../platform/files.ts';
import type { ProcessIdentity } from '../../platform/processes.ts';
import type { StopRung } from '../../supervisor/server-state.ts';
import type { CarryOverReport } from '../carry-over/carry-over.ts';
import type { Release } from '../release.ts';
import type { EvictedTransfer, Transfer } from '../transfer/transfer.ts';

/**
 * What each step learned; it goes into the step's `done` line, and later steps read it there, never from memory.
 *
 * All values survive JSON.
 */
export interface StepFacts {
  readonly preflight: {
    /** The version that is live now, if it could be told. */
    readonly from?: string;
    readonly to: string;
    /** Absent for a rollback. */
    readonly release?: Release;
    /** The format of the data as the live version leaves it, if it could be told. */
    readonly fromDataFormat?: string;
    /** Must the data be saved before the start, because the release changes its format? */
    readonly dataFormatChanges: boolean;
    /** The folder that will be put in place of the live bundle. */
    readonly nextBundle: string;
    /** File with the manifest of what the live release shipped, if known. */
    readonly shippedManifest?: string;
    /** File with the manifest of the next release (update only). */
    readonly nextManifest?: string;
    /** File with the delta manifest from the live release, where one is published. */
    readonly deltaManifest?: string;
    /** The backup that a rollback restores, by id. */
    readonly backupToRestore?: string;
  };
  /** Journals of earlier launchers have `packFile` alone: they knew no other way than the full pack. */
  readonly download: {
    readonly packFile: string;
    readonly kind?: Transfer['kind'];
    /** Fetched for this kind, manifests aside. */
    readonly bytes?: number;
    /** A shorter way that failed before this one was taken. */
    readonly evicted?: EvictedTransfer;
  };
  readonly verify: { readonly files: number; readonly bytes: number };
  readonly stage: {
    readonly smokeOutput: string;
    /** A shorter way that could not be applied; the full pack was fetched and unpacked instead. */
    readonly evicted?: EvictedTransfer;
  };
  readonly warn: {
    readonly users?: number;
    readonly warned: boolean;
    /** The server process that took the notice; a later one knows nothing of it. */
    readonly told?: ProcessIdentity;
  };
  readonly drain: {
    /** Sessions that were closed by force at the end of the delay. */
    readonly closed?: number;
    readonly waitedMs: number;
    /** How the old version was, just before the stop. */
    readonly baseline: { readonly ready: boolean; readonly latencyMs?: number };
  };
  readonly stop: { readonly rung?: StopRung; readonly tookMs: number };
  readonly backUp: { readonly backupId?: string; readonly restored?: string };
  readonly carryOver: CarryOverReport;
  readonly swap: { readonly oldBundle: string };
  readonly start: { readonly readyAfterMs: number; readonly version?: string };
  readonly health: { readonly samples: number; readonly crashes: number };
  readonly commit: { readonly live: string };
  readonly notify: { readonly mails: number };
  readonly cleanUp: { readonly removed: readonly string[] };
}

/**
 * A folder's identity: stays the same when it is renamed or the machine starts anew, differs for every other folder of the
 * volume. Without the device: its number may be another one after a start (loop, LVM, NVMe), and all places are on one volume.
 */
export function folderIdentity(facts: Pick<FileFacts, 'inode'>): string {
  return facts.inode;
}
