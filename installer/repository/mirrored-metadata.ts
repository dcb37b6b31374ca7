import type { Fault } from '../../platform/fault.ts';
import type { Log } from '../../platform/log.ts';
import type { Result } from '../../platform/result.ts';
import type { MetadataClient, VerifiedTargets } from './metadata-client.ts';

/** What refreshes from one copy of the repository; all of them share what is trusted. */
export interface MetadataCopy {
  readonly name: string;
  readonly client: MetadataClient;
}

/** Faults of this machine, and of a person: another copy changes nothing about them. */
const NOT_THE_COPY: readonly Fault['code'][] = [
  'cancelled',
  'clock-wrong',
  'disk-full',
  'quota-exceeded',
  'no-permission',
  'read-only',
  'io-error',
];

/**
 * Metadata from the repository; where it cannot be reached or does not verify, from its mirrors, one after the other, under the
 * same rules: signatures, expiry and the version floor hold whoever sends the files.
 *
 * When no copy will do, the repository's own fault is what is told.
 */
export function createMirroredMetadata(
  repository: MetadataCopy,
  mirrors: readonly MetadataCopy[],
  log: Log,
  onServed: (name: string) => void,
): MetadataClient {
  return {
    async refresh(signal) {
      let first: Result<VerifiedTargets> | undefined;
      for (const { name, client } of [repository, ...mirrors]) {
        const outcome = await client.refresh(signal);
        if (outcome.ok) onServed(name);
        first ??= outcome;
        if (outcome.ok) return outcome;
        if (NOT_THE_COPY.includes(outcome.fault.code) || signal?.aborted === true) break;
        const { code, detail } = outcome.fault;
        log.warn('the metadata of a copy of the repository cannot be used', { copy: name, code, detail });
      }
      return first ?? repository.client.refresh(signal);
    },
  };
}
