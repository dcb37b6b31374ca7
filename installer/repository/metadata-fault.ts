import { LengthOrHashMismatchError, UnsignedMetadataError } from '@tufjs/models/dist/error.js';
import { BadVersionError, EqualVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';
import { faultOf, type Fault } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';

/** Long enough that no forgotten repository explains it: then it is the clock. */
const YEAR_MS = 365 * 86_400_000;
const CLOCK_BEYOND_MS = 2 * YEAR_MS;
const DETAIL_LIMIT = 300;

/** Runs a step of the trust library, which throws, and returns what it found as a fault. */
export function verified<Value>(role: string, step: () => Value): Result<Value> {
  try {
    return succeed(step());
  } catch (error) {
    return fail(metadataFault(role, error));
  }
}

/** An equal version is no fault but the normal case: nothing new has been published (TUF 1.0 §5.4.3). */
export function isEqualVersion(fault: Fault): boolean {
  return fault.values?.['reason'] === 'equal-version';
}

function metadataFault(role: string, error: unknown): Fault {
  const detail = `${role}: ${(error instanceof Error ? error.message : String(error)).slice(0, DETAIL_LIMIT)}`;
  const values = { role };
  if (error instanceof UnsignedMetadataError) return faultOf('signature-invalid', detail, { values });
  if (error instanceof ExpiredMetadataError) return faultOf('metadata-expired', detail, { values });
  if (error instanceof EqualVersionError)
    return faultOf('metadata-rollback', detail, { values: { role, reason: 'equal-version' } });
  if (error instanceof BadVersionError) return faultOf('metadata-rollback', detail, { values });
  if (error instanceof LengthOrHashMismatchError) {
    return faultOf('metadata-invalid', detail, { values: { role, reason: 'digest-mismatch' } });
  }
  return faultOf('metadata-invalid', detail, { values });
}

/** Says how long ago the metadata expired; years ago, it says that the clock is wrong. */
export function expiredFault(role: string, expires: string, nowMs: number): Fault {
  const since = nowMs - Date.parse(expires);
  const days = Math.floor(since / 86_400_000);
  const values = { role, expires, days };
  if (since > CLOCK_BEYOND_MS) {
    return faultOf('clock-wrong', `the ${role} metadata expired ${days} days ago: probably the clock is wrong`, {
      values,
    });
  }
  return faultOf('metadata-expired', `the ${role} metadata expired on ${expires}`, { values });
}
