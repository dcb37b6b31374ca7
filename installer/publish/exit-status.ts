import type { FaultCode } from '../../platform/fault.ts';

/** Exit statuses of the executables, as far as publishing knows them. */
export const EXIT_STATUS = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  noPermission: 4,
  inProgress: 5,
  refused: 7,
  notTrusted: 9,
} as const;

const BY_FAULT: Partial<Readonly<Record<FaultCode, number>>> = {
  'request-invalid': EXIT_STATUS.wrongUsage,
  'release-unknown': EXIT_STATUS.wrongUsage,
  'folder-missing': EXIT_STATUS.wrongUsage,
  'not-found': EXIT_STATUS.wrongUsage,
  unauthorised: EXIT_STATUS.noPermission,
  'no-permission': EXIT_STATUS.noPermission,
  'read-only': EXIT_STATUS.noPermission,
  'update-running': EXIT_STATUS.inProgress,
  'path-refused': EXIT_STATUS.refused,
  'already-exists': EXIT_STATUS.refused,
  'archive-invalid': EXIT_STATUS.refused,
  'too-large': EXIT_STATUS.refused,
  'signature-invalid': EXIT_STATUS.notTrusted,
  'metadata-invalid': EXIT_STATUS.notTrusted,
  'metadata-expired': EXIT_STATUS.notTrusted,
  'metadata-rollback': EXIT_STATUS.notTrusted,
  'digest-mismatch': EXIT_STATUS.notTrusted,
  'wrong-target': EXIT_STATUS.notTrusted,
};

export function exitStatusOf(code: FaultCode): number {
  return BY_FAULT[code] ?? EXIT_STATUS.failed;
}
