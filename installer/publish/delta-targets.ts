import type { ReleaseDelta } from '../release.ts';
import { encodeDeltaTargets } from '../repository/delta-target.ts';
import type { JsonObject } from './signed-metadata.ts';

/** The signed targets of deltas, by path, as they go into their role's metadata. */
export function deltaTargets(deltas: readonly ReleaseDelta[]): JsonObject {
  return Object.assign({}, ...deltas.map(encodeDeltaTargets)) as JsonObject;
}
