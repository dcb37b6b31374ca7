import type { Result } from '../../platform/result.ts';
import type { FileManifest } from '../release.ts';

/** One rule of what moves from the installed bundle into the new one. Paths are relative to the bundle, `/`, with `*` and `**`. */
export interface CarryOverRule {
  readonly pattern: string;
  /**
   * `always`: the installed file wins if it differs from what the old release shipped.
   * `changed`: only if changed or added locally (same test; kept for files where the vendor's new default usually wins).
   * `rename`: the new bundle's only match of the pattern gets the installed file's name (structure files).
   * `report`: never carried, listed.
   */
  readonly action: 'always' | 'changed' | 'rename' | 'report';
  /** Content that must hold before it is published into the new bundle. */
  readonly check?: 'xml' | 'json' | 'key-pair';
}

export type CarriedReason = 'changed-locally' | 'added-locally' | 'renamed';

export interface CarryOverReport {
  readonly carried: readonly {
    readonly path: string;
    readonly reason: CarriedReason;
    readonly bytes: number;
    readonly sha256: string;
  }[];
  /** Local additions or changes that no rule names: they stay in `_old` and are told. */
  readonly leftBehind: readonly string[];
  /** Plug-ins and components that the admin added. */
  readonly reported: readonly string[];
  /** Worth telling, no reason to refuse: an expired certificate, an owner that could not be kept. English sentences. */
  readonly warnings?: readonly string[];
}

export interface CarryOverRequest {
  readonly installed: string;
  readonly staged: string;
  readonly rules: readonly CarryOverRule[];
  /**
   * What the old release shipped; undefined for an installation that we did not make: then what `always` rules name is
   * carried, and what the other rules name is listed where it differs from the new release.
   */
  readonly shipped?: FileManifest;
  readonly next: FileManifest;
  /** The report of the last update, to notice a source that is emptier than it was. */
  readonly previous?: CarryOverReport;
  /** Of an earlier pass over all of it: what no rule moves. Then only where the rules reach is looked at. */
  readonly rehearsed?: Pick<CarryOverReport, 'leftBehind' | 'reported'>;
}

export interface CarryOver {
  /** Carries the local changes; safe to repeat. Nothing of `installed` is touched. */
  carry(request: CarryOverRequest): Promise<Result<CarryOverReport>>;
  /**
   * The request of the last pass that succeeded, cut down to where its rules reach, if it was over this staged bundle. What it costs
   * does not grow with the bundles. Kept in memory: a launcher that was started since looks at everything again.
   */
  rehearsed(staged: string): CarryOverRequest | undefined;
}
