import { faultOf } from '../../platform/fault.ts';
import { hostWithoutPort, isAddressLiteral, isLoopback } from './addresses.ts';
import { PROTOCOL_REFUSALS, type Refusal, refusalOf } from './refusals.ts';

/** The parts of a request's head that decide whether it is looked at. */
export interface RequestHead {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly contentType: string | undefined;
  readonly hasBody: boolean;
}

export interface RequestRules {
  /** A page in a browser cannot reach the local channel, so any `Host` will do there. */
  readonly channel: 'local' | 'tcp';
  readonly scheme: 'http' | 'https';
  /** Names, besides those of loopback, under which this machine is known; lower-case. */
  readonly names: readonly string[];
}

/** Refuses what a web page of somebody else could send through an admin's browser. Pure. */
export function checkHead(head: RequestHead, rules: RequestRules): Refusal | undefined {
  return checkHost(head, rules) ?? checkOrigin(head, rules) ?? checkContentType(head);
}

/** DNS rebinding: a foreign name that resolves to us still stands in `Host`. */
function checkHost(head: RequestHead, rules: RequestRules): Refusal | undefined {
  if (rules.channel === 'local') return undefined;
  const host = hostWithoutPort(head.host ?? '');
  if (host !== undefined && (isLoopback(host) || isAddressLiteral(host) || rules.names.includes(host)))
    return undefined;
  return refusalOf(faultOf('forbidden', 'the Host header names another machine'));
}

/** Cross-site request forgery: browsers name the page's origin on every state-changing call; programs name none. */
function checkOrigin(head: RequestHead, rules: RequestRules): Refusal | undefined {
  if (head.origin === undefined || head.method === 'GET' || head.method === 'HEAD') return undefined;
  if (head.host !== undefined && head.origin.toLowerCase() === `${rules.scheme}://${head.host.toLowerCase()}`)
    return undefined;
  return refusalOf(faultOf('forbidden', 'the Origin header names another site'));
}

/** A form can post text/plain across sites without asking first, but not application/json. */
function checkContentType(head: RequestHead): Refusal | undefined {
  if (head.method !== 'POST' || (!head.hasBody && head.contentType === undefined)) return undefined;
  const type = head.contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : PROTOCOL_REFUSALS.mediaType;
}
