/**
 * Every way in which an act can fail that we expect, as stable codes.
 *
 * The codes are public: they stand in logs, in `--json`, at the launcher port and in `docs/runbook.md`; each has a text and
 * a remedy in four languages (`launcher/texts/`). Add freely, never rename.
 */
export const FAULT_CODES = [
  // files
  'disk-full',
  'quota-exceeded',
  'file-held',
  'no-permission',
  'not-found',
  'already-exists',
  'read-only',
  'cross-volume',
  'io-error',
  'too-many-open-files',
  'path-refused',
  'too-large',
  'newer-schema',
  'record-corrupt',
  // processes
  'spawn-failed',
  'command-failed',
  'worker-died',
  'timed-out',
  'cancelled',
  // network
  'name-not-resolved',
  'connection-refused',
  'connection-failed',
  'tls-untrusted',
  'tls-expired',
  'tls-wrong-host',
  'proxy-authentication',
  'proxy-failed',
  'http-status',
  'redirect-refused',
  'too-slow',
  'body-too-long',
  'body-truncated',
  // trust
  'signature-invalid',
  'metadata-expired',
  'metadata-rollback',
  'metadata-invalid',
  'digest-mismatch',
  'wrong-target',
  'downgrade-refused',
  'release-unknown',
  'archive-invalid',
  'clock-wrong',
  // preconditions
  'folder-missing',
  'volume-refused',
  'release-out-of-reach',
  'shipped-list-missing',
  'bundle-missing',
  'bundle-incomplete',
  'port-in-use',
  'space-short',
  'rights-missing',
  'probe-blocked',
  'smoke-failed',
  'backup-running',
  'update-running',
  'nothing-to-do',
  'too-late',
  'release-marked-bad',
  'release-held-back',
  'download-window-closed',
  'launcher-too-old',
  'launcher-too-new',
  // the server
  'server-not-ready',
  'server-exited',
  'server-exited-early',
  'server-unhealthy',
  'server-wrong-version',
  'server-port-taken',
  'server-disk-full',
  'server-data-held',
  'server-licence-missing',
  'server-quit-early',
  'server-stopped',
  'server-survived-stop',
  'sessions-unknown',
  'sessions-remain',
  // data that moves along
  'carry-over-invalid',
  'carry-over-emptied',
  'data-format-changed',
  'data-backup-failed',
  'data-restore-failed',
  // the launcher
  'launcher-running',
  'launcher-absent',
  'configuration-invalid',
  'unauthorised',
  'forbidden',
  'request-invalid',
  'route-unknown',
  'update-unknown',
  'too-many-requests',
  'mail-failed',
  'unexpected',
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/** An expected failure, ready to be told to a person: what failed, why, where. */
export interface Fault {
  readonly code: FaultCode;
  /** Why, in plain English, one sentence without the path; goes to logs and behind the translated text. */
  readonly detail: string;
  /** The file or folder it is about, absolute. */
  readonly path?: string;
  /** The operating-system call or act that failed, e.g. `rename`. */
  readonly operation?: string;
  /** The account that lacked the right. */
  readonly account?: string;
  /** Further values for the texts, e.g. `{ needed: '2.1 GB', free: '0.3 GB' }`. */
  readonly values?: Readonly<Record<string, string | number>>;
  readonly cause?: Fault;
}

/** Makes a fault; `more` names path, operation, account, values and cause where they are known. */
export function faultOf(code: FaultCode, detail: string, more: Omit<Fault, 'code' | 'detail'> = {}): Fault {
  return { code, detail, ...more };
}
