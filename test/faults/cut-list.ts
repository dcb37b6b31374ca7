/** What a run that is cut at many calls is told: the site, and the keys of the calls (`keyOf` of a point). */
export interface CutList {
  readonly root: string;
  readonly wanted: readonly string[];
  /** False in the negative control: every fsync says yes and does nothing. */
  readonly syncs: boolean;
}
