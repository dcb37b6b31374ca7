import type { FaultCode } from '../../platform/fault.ts';

/** The exit statuses that scripts and monitoring rely on. */
export const EXIT = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  serverNotRunning: 3,
  noPermission: 4,
  inProgress: 5,
  nothingToDo: 6,
  refused: 7,
  serverDown: 8,
  notTrusted: 9,
  tryLater: 75,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** What each status says, for the reference. */
export const EXIT_MEANINGS: readonly (readonly [ExitStatus, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'failed or cancelled; the old version runs'],
  [EXIT.wrongUsage, 'wrong usage, or mistakes in the configuration'],
  [EXIT.serverNotRunning, 'the server (or the launcher) is not running'],
  [EXIT.noPermission, 'this account may not do that'],
  [EXIT.inProgress, 'another order is already under way; its id is told'],
  [EXIT.nothingToDo, 'nothing to do'],
  [EXIT.refused, 'refused by a precondition; nothing was changed'],
  [EXIT.serverDown, 'failed, **and the server is down**'],
  [EXIT.notTrusted, 'not trusted: signature, freshness or digest'],
  [
    EXIT.tryLater,
    'try later; also when the end of a followed order was not seen (Ctrl-C, launcher away): the order goes on, ask again with `om-launcher status`',
  ],
];

/** Faults whose status is not the general "a precondition refused it". */
const STATUS_OF: Readonly<Partial<Record<FaultCode, ExitStatus>>> = {
  'no-permission': EXIT.noPermission,
  unauthorised: EXIT.noPermission,
  forbidden: EXIT.noPermission,
  'configuration-invalid': EXIT.wrongUsage,
  'request-invalid': EXIT.wrongUsage,
  'launcher-absent': EXIT.serverNotRunning,
  'server-stopped': EXIT.serverNotRunning,
  'update-running': EXIT.inProgress,
  'launcher-running': EXIT.inProgress,
  'nothing-to-do': EXIT.nothingToDo,
  'release-held-back': EXIT.tryLater,
  'signature-invalid': EXIT.notTrusted,
  'metadata-expired': EXIT.notTrusted,
  'metadata-rollback': EXIT.notTrusted,
  'metadata-invalid': EXIT.notTrusted,
  'digest-mismatch': EXIT.notTrusted,
  'wrong-target': EXIT.notTrusted,
  'downgrade-refused': EXIT.notTrusted,
  'archive-invalid': EXIT.notTrusted,
  'body-too-long': EXIT.notTrusted,
  'clock-wrong': EXIT.notTrusted,
  'server-not-ready': EXIT.failed,
  'server-exited': EXIT.failed,
  'server-unhealthy': EXIT.failed,
  'server-wrong-version': EXIT.failed,
  'server-survived-stop': EXIT.failed,
  unexpected: EXIT.failed,
};

/** The exit status of a verb that ended with this fault. */
export function exitStatusOf(code: FaultCode): ExitStatus {
  return STATUS_OF[code] ?? EXIT.refused;
}
