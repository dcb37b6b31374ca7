import { faultOf } from '../fault.ts';
import type { Fault, FaultCode } from '../fault.ts';

/** What the error codes of Node's DNS, sockets, TLS and undici mean to us; everything else is `connection-failed`. */
const FAULT_OF_ERROR: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: 'name-not-resolved',
  EAI_AGAIN: 'name-not-resolved',
  EAI_FAIL: 'name-not-resolved',
  EAI_NODATA: 'name-not-resolved',
  EAI_NONAME: 'name-not-resolved',
  ECONNREFUSED: 'connection-refused',
  ENOENT: 'connection-refused', // a local socket that is not there
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EADDRINUSE: 'port-in-use',
  ETIMEDOUT: 'timed-out',
  UND_ERR_CONNECT_TIMEOUT: 'timed-out',
  UND_ERR_HEADERS_TIMEOUT: 'timed-out',
  UND_ERR_BODY_TIMEOUT: 'timed-out',
  EMFILE: 'too-many-open-files',
  ENFILE: 'too-many-open-files',
  UND_ERR_PRX_CONN: 'proxy-failed',
  UND_ERR_PRX_TLS: 'proxy-failed',
  // OpenSSL's verdicts, `X509_verify_cert_error_string`
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-wrong-host',
  HOSTNAME_MISMATCH: 'tls-wrong-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  CERT_SIGNATURE_FAILURE: 'tls-untrusted',
  CERT_CHAIN_TOO_LONG: 'tls-untrusted',
  CERT_REVOKED: 'tls-untrusted',
  CERT_UNTRUSTED: 'tls-untrusted',
  CERT_REJECTED: 'tls-untrusted',
  INVALID_CA: 'tls-untrusted',
  INVALID_PURPOSE: 'tls-untrusted',
  PATH_LENGTH_EXCEEDED: 'tls-untrusted',
};

/** The fault of a failed connection or request; `target` is shown to people, so it must hold no password. */
export function networkFault(operation: string, target: string, error: unknown): Fault {
  const cause = rootError(error);
  const code = FAULT_OF_ERROR[cause.code] ?? 'connection-failed';
  return faultOf(code, sentenceOf(code, cause), { operation, values: { target, error: cause.code } });
}

interface NamedError {
  readonly code: string;
  readonly message: string;
}

/** Several addresses tried make an AggregateError; undici wraps the socket's error as the cause. The innermost has the code. */
function rootError(error: unknown): NamedError {
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) };
  if (error instanceof AggregateError && error.errors.length > 0) return rootError(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && code in FAULT_OF_ERROR) return { code, message: error.message };
  if (error.cause instanceof Error) return rootError(error.cause);
  return { code: code ?? error.name, message: error.message };
}

function sentenceOf(code: FaultCode, error: NamedError): string {
  return code === 'connection-failed' ? `${error.code}: ${error.message.slice(0, 200)}` : error.code;
}
