import type { ChildLink } from '../../supervisor/child/child-link.ts';
import type { Log } from '../../platform/log.ts';
import { printable } from '../api/decode.ts';
import { type PortCaller, type Right, takesTickets } from './access.ts';
import type { Failures } from './failures.ts';
import { SECRET_CHARACTERS } from './secrets.ts';
import type { Tickets } from './tickets.ts';
import type { Tokens } from './tokens.ts';
import type { UpdateTokens } from './update-tokens.ts';

export interface Credentials {
  readonly childLink: Pick<ChildLink, 'accepts'>;
  readonly tickets: Tickets;
  readonly tokens: Pick<Tokens, 'verify'>;
  readonly updateTokens: UpdateTokens;
  readonly failures: Failures;
  readonly log: Log;
}

/** What is known of a request before its credentials are looked at. */
export interface Approach {
  readonly channel: 'local' | 'tcp';
  /** The peer's address; `local` on the local channel. */
  readonly address: string;
  readonly onLoopback: boolean;
  readonly authorization: string | undefined;
  readonly right: Right;
}

export type Authentication =
  | { readonly kind: 'known'; readonly caller: PortCaller }
  | { readonly kind: 'refused'; readonly code: 'unauthorised' | 'forbidden' | 'too-many-requests' };

type Verdict = { readonly caller: PortCaller } | { readonly failed: string } | { readonly misused: string };

/**
 * Finds out who asks. Failures are logged without secrets and counted per address.
 *
 * Right credentials pass even from an address with many failures: with 256-bit secrets the limit only keeps the log and
 * the processor quiet, and another account on this machine must not be able to lock the server out.
 */
export async function authenticate(approach: Approach, credentials: Credentials): Promise<Authentication> {
  const verdict = await verify(approach, credentials);
  if ('caller' in verdict) return { kind: 'known', caller: verdict.caller };
  const { limited, worthLogging } = credentials.failures.note(approach.address);
  const reason = 'failed' in verdict ? verdict.failed : verdict.misused;
  if (worthLogging) credentials.log.warn('credentials refused', { address: approach.address, reason, limited });
  if (limited) return { kind: 'refused', code: 'too-many-requests' };
  return { kind: 'refused', code: 'failed' in verdict ? 'unauthorised' : 'forbidden' };
}

async function verify(approach: Approach, credentials: Credentials): Promise<Verdict> {
  const { authorization } = approach;
  if (authorization === undefined) return { caller: withoutCredentials(approach) };
  const [scheme = '', secret, ...rest] = authorization.split(' ');
  if (secret === undefined || rest.length > 0 || secret.length > SECRET_CHARACTERS) return { failed: 'malformed' };
  switch (scheme.toLowerCase()) {
    case 'child':
      return credentials.childLink.accepts(secret) ? { caller: { kind: 'child' } } : { failed: 'child token unknown' };
    case 'ticket':
      // An order request alone may use a ticket up.
      return takesTickets(approach.right) ? redeem(secret, credentials) : { misused: 'ticket used for no order' };
    case 'bearer':
      return await verifyBearer(secret, credentials);
    default:
      return { failed: 'scheme unknown' };
  }
}

/** The operating system let only admins into the local channel. */
function withoutCredentials(approach: Approach): PortCaller {
  return approach.channel === 'local' ? { kind: 'local' } : { kind: 'anonymous', onLoopback: approach.onLoopback };
}

function redeem(secret: string, credentials: Credentials): Verdict {
  const redemption = credentials.tickets.redeem(secret);
  switch (redemption.kind) {
    case 'accepted':
      return { caller: { kind: 'ticket', holder: redemption.holder } };
    case 'used':
      return { failed: `ticket of ${printable(redemption.user)} used again` };
    case 'expired':
      return { failed: `ticket of ${printable(redemption.user)} expired` };
    case 'unknown':
      return { failed: 'ticket unknown' };
  }
}

async function verifyBearer(secret: string, credentials: Credentials): Promise<Verdict> {
  if (secret.startsWith('omu_')) {
    const facts = await credentials.updateTokens.verify(secret);
    return facts === undefined
      ? { failed: 'update token unknown or over' }
      : { caller: { kind: 'update-token', ...facts } };
  }
  const token = await credentials.tokens.verify(secret);
  if (!token.ok) {
    credentials.log.error('the tokens cannot be read', { code: token.fault.code, path: token.fault.path });
    return { failed: 'tokens unreadable' };
  }
  if (token.value === undefined) return { failed: 'token unknown' };
  return { caller: { kind: 'token', name: token.value.name, scope: token.value.scope } };
}
