import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { Result } from '../../platform/result.ts';
import type { ServerControl } from '../../supervisor/server-control.ts';
import type { Language, Sessions } from '../../supervisor/sessions/sessions.ts';
import type { CarryOver, CarryOverRule } from '../carry-over/carry-over.ts';
import type { DeltaManifest } from '../delta/delta-manifest.ts';
import type { FileManifest, Release } from '../release.ts';
import type { Eligibility } from '../schedule/eligibility.ts';
import type { ReleaseSource } from '../repository/release-source.ts';
import type { Transfer } from '../transfer/transfer.ts';
import type { InstalledRecords } from './installed.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { Order } from './order.ts';
import type { LiveBundlePlaces } from './live-bundle.ts';

/** The collaborators of the steps, wired at the composition root. */
export interface UpdateTools {
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
  readonly places: UpdatePlaces;
  readonly policy: UpdatePolicy;
  readonly server: ServerControl;
  readonly sessions: Sessions;
  readonly installed: InstalledRecords;
  /** The repository, or the order's release file. */
  openSource(order: Order): Promise<Result<ReleaseSource>>;
  /** What decides which release is due on this machine, as it is now; the bad ones come from `installed`. */
  eligibility(): Promise<Omit<Eligibility, 'bad'>>;
  readonly checks: UpdateChecks;
  readonly staging: Staging;
  readonly carryOver: CarryOver;
  readonly carryOverRules: readonly CarryOverRule[];
  readonly data: DataSafety;
  readonly messenger: Messenger;
}

export interface UpdatePlaces extends LiveBundlePlaces {
  /** Beside the bundle, on its volume, closed to other accounts. */
  readonly stagingFolder: string;
  /** Manifests of installed releases, by digest. */
  readonly manifestFolder: string;
}

export interface UpdatePolicy {
  readonly product: string;
  /** Format of the data as it is now, where the configuration says it. */
  readonly dataFormat?: string;
  /** How long the new version is watched before it is final. */
  readonly watchMs: number;
  readonly sampleEveryMs: number;
  /** Consecutive good samples of the same process. */
  readonly passes: number;
  /** Crashes within the watch that are forgiven. */
  readonly forgivenCrashes: number;
  readonly keepOldMs: number;
  readonly startLimitMs: number;
  readonly restoreDataOnFallback: boolean;
  /** Seconds before the end of the delay at which users are reminded. */
  readonly reminders: readonly number[];
  /** How long a backup of the server is waited for before users are warned. */
  readonly backupPatienceMs: number;
}

export interface PreflightSubject {
  readonly order: Order;
  readonly release?: Release;
  readonly from?: string;
  readonly source?: ReleaseSource;
}

export interface UpdateChecks {
  /** Every precondition, really tried in place; the first that fails is the fault. */
  preflight(subject: PreflightSubject, signal: AbortSignal): Promise<Result<void>>;
  /** Runs the server of the bundle with `--version`; the output must name the version, if one is expected. */
  smoke(bundle: string, version: string | undefined): Promise<Result<string>>;
  /** Is everything in the staged bundle that the installed one has (structure file, client archives)? */
  staged(installed: string, staged: string): Promise<Result<void>>;
}

/** What is put together into a staged bundle, as paths: another process may do it. */
export interface StageWork {
  /** File with the manifest of the next release. */
  readonly manifest: string;
  /** Made anew. */
  readonly folder: string;
  readonly transfer: Transfer;
  /** Where the packs were brought to. */
  readonly packFolder: string;
  /** The live bundle; only read. */
  readonly bundle: string;
  /** Files with the manifest of the live release and the delta manifest, for a delta. */
  readonly delta?: { readonly oldManifest: string; readonly manifest: string };
}

export interface Staging {
  /** Makes the new folder and reads it back against the manifest. */
  stage(
    work: StageWork,
    onProgress: (doneBytes: number, totalBytes: number) => void,
    signal: AbortSignal,
  ): Promise<Result<void>>;
  /** Lets other accounts into the staged bundle as the manifest says, just before it goes live. */
  open(folder: string, manifest: FileManifest): Promise<Result<void>>;
  readManifest(path: string): Promise<Result<FileManifest>>;
  writeManifest(path: string, manifest: FileManifest): Promise<Result<void>>;
  readDeltaManifest(path: string): Promise<Result<DeltaManifest>>;
  writeDeltaManifest(path: string, manifest: DeltaManifest): Promise<Result<void>>;
}

/** The data files outside the bundle. */
export interface DataSafety {
  /** Copies what can be copied while the server still runs. */
  prepare(id: string): Promise<Result<void>>;
  /** The final, verified backup; the server is stopped. */
  save(id: string): Promise<Result<void>>;
  /** `restoreId` names this restore: the same one twice is one restore. */
  restore(id: string, restoreId: string): Promise<Result<void>>;
  /** Ends a restore that was cut off, after other data took its place: its copy goes, what it replaced stays until it expires. */
  abandonRestore(id: string, restoreId: string): Promise<Result<void>>;
  /** Is there a finished backup? */
  exists(id: string): Promise<Result<boolean>>;
  /** Deletes a backup that nobody needs; one from which data was restored stays until it expires. */
  discard(id: string): Promise<Result<void>>;
  /** Deletes what restores before this wall-clock time set aside, with the backups that they came from. */
  expire(before: number): Promise<Result<void>>;
}

export type NoticeKind = 'update-soon' | 'update-reminder' | 'update-now' | 'update-cancelled';

/** Everything that is said to people, in their languages. */
export interface Messenger {
  noticeText(kind: NoticeKind, secondsLeft?: number): Readonly<Record<Language, string>>;
  /** Puts the outcome's mail into the outbox; safe to repeat (one mail per outcome). Says how many were addressed. */
  announceOutcome(journal: readonly JournalEntry[]): Promise<Result<number>>;
}

/** What a running step shows of itself, for status and step lists. */
export type StepNote =
  | { readonly kind: 'transfer'; readonly doneBytes: number; readonly totalBytes: number; readonly rate: number }
  | { readonly kind: 'users'; readonly users?: number; readonly secondsLeft: number }
  | { readonly kind: 'watch'; readonly secondsLeft: number; readonly passes: number }
  /** The delta or the objects are of no use: the full pack is fetched. */
  | { readonly kind: 'full-instead'; readonly fault: Fault }
  | { readonly kind: 'trying-again'; readonly fault: Fault; readonly at: number }
  | { readonly kind: 'scheduled'; readonly at: number }
  | { readonly kind: 'awaiting-word' };
