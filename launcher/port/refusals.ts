import { type Fault, type FaultCode, faultOf } from '../../platform/fault.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import type { ErrorBody } from '../api/schemas.ts';

/** The HTTP status of each fault that a caller can do something about; any other is the launcher's own trouble: 500. */
const STATUS_OF: Partial<Readonly<Record<FaultCode, number>>> = {
  unauthorised: 401,
  forbidden: 403,
  'no-permission': 403,
  'request-invalid': 400,
  'too-large': 413,
  'route-unknown': 404,
  'update-unknown': 404,
  'release-unknown': 404,
  'not-found': 404,
  'too-many-requests': 429,
  // The order is in the way of something, or something of it.
  'update-running': 409,
  'too-late': 409,
  'nothing-to-do': 409,
  'already-exists': 409,
  'release-marked-bad': 409,
  'release-held-back': 409,
  'backup-running': 409,
  cancelled: 409,
  // Preflight refused it: the order is well formed but cannot be done here and now.
  'folder-missing': 422,
  'bundle-missing': 422,
  'bundle-incomplete': 422,
  'port-in-use': 422,
  'space-short': 422,
  'rights-missing': 422,
  'probe-blocked': 422,
  'smoke-failed': 422,
  'carry-over-invalid': 422,
  'carry-over-emptied': 422,
  'sessions-unknown': 422,
  'cross-volume': 422,
  'read-only': 422,
  // Not trusted.
  'signature-invalid': 422,
  'metadata-expired': 422,
  'metadata-rollback': 422,
  'metadata-invalid': 422,
  'digest-mismatch': 422,
  'wrong-target': 422,
  'downgrade-refused': 422,
  'archive-invalid': 422,
  // The repository or the way to it.
  'name-not-resolved': 502,
  'connection-refused': 502,
  'connection-failed': 502,
  'tls-untrusted': 502,
  'tls-expired': 502,
  'tls-wrong-host': 502,
  'proxy-authentication': 502,
  'proxy-failed': 502,
  'http-status': 502,
  'redirect-refused': 502,
  'body-too-long': 502,
  'body-truncated': 502,
  'too-slow': 504,
  'timed-out': 504,
  // For now.
  'disk-full': 507,
  'quota-exceeded': 507,
  'file-held': 503,
  'too-many-open-files': 503,
  'server-stopped': 503,
  'server-not-ready': 503,
};

export function statusOf(code: FaultCode): number {
  return STATUS_OF[code] ?? 500;
}

/** A request that is not served: the fault to tell and its HTTP status. */
export interface Refusal {
  readonly status: number;
  readonly fault: Fault;
}

export function refusalOf(fault: Fault): Refusal {
  return { status: statusOf(fault.code), fault };
}

/** What HTTP itself has a status for; all are `request-invalid` to a program, with the reason in `detail`. */
export const PROTOCOL_REFUSALS = {
  malformed: protocol(400, 'the request is not well-formed HTTP or JSON'),
  timeout: protocol(408, 'the request did not arrive in time'),
  bodyTooLarge: protocol(413, 'the body is too large'),
  mediaType: protocol(415, 'the body must be application/json'),
  headTooLarge: protocol(431, 'the head of the request is too large'),
} as const satisfies Readonly<Record<string, Refusal>>;

export const METHOD_REFUSED = protocol(405, 'the address is known, but not with this method');

export function errorBody(application: Pick<Application, 'explain'>, fault: Fault, lang: Language): ErrorBody {
  const { message, remedy } = application.explain(fault, lang);
  const updateId = fault.values?.['updateId'];
  return {
    code: fault.code,
    message,
    remedy,
    lang,
    detail: fault.detail,
    ...(typeof updateId === 'string' ? { updateId } : {}),
  };
}

function protocol(status: number, detail: string): Refusal {
  return { status, fault: faultOf('request-invalid', detail) };
}
