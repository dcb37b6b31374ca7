import type { Caller } from '../api/application.ts';
import type { TicketHolder } from './tickets.ts';
import type { TokenScope } from './tokens.ts';

/** Who asks, as the credentials and the channel show. */
export type PortCaller =
  | { readonly kind: 'local' }
  | { readonly kind: 'ticket'; readonly holder: TicketHolder }
  | { readonly kind: 'token'; readonly name: string; readonly scope: TokenScope }
  /** Whoever ordered with a ticket, for that update alone. */
  | { readonly kind: 'update-token'; readonly holder: TicketHolder; readonly updateId: string }
  /** The supervised server. */
  | { readonly kind: 'child' }
  | { readonly kind: 'anonymous'; readonly onLoopback: boolean };

/** The callers as columns of the table. */
export const CALLER_CLASSES = [
  'local',
  'token-admin',
  'token-update',
  'token-read',
  'ticket',
  'update-token',
  'child',
  'anonymous-loopback',
  'anonymous-remote',
] as const;
export type CallerClass = (typeof CALLER_CLASSES)[number];

/** The routes' kinds of right, as rows of the table. */
export type Right =
  'read' | 'status' | 'order' | 'follow' | 'steer' | 'administer' | 'events' | 'notices' | 'child' | 'monitor';

/** What strangers beyond loopback may see, by configuration. */
export type OpenPart = 'notices' | 'monitor';

type Admission =
  | 'all'
  /** Only the update that the token was given for. */
  | 'own'
  /** What anybody may see. */
  | 'public'
  /** As `public`, if the configuration opens it. */
  | 'open'
  | 'no';

/** Right × caller. The launcher's whole policy of access is these lines. */
export const ACCESS: Readonly<Record<Right, Readonly<Record<CallerClass, Admission>>>> = {
  read: row('all', 'all', 'all', 'all', 'no', 'no', 'no', 'no', 'no'),
  status: row('all', 'all', 'all', 'all', 'no', 'public', 'public', 'public', 'public'),
  order: row('all', 'all', 'all', 'no', 'all', 'no', 'no', 'no', 'no'),
  follow: row('all', 'all', 'all', 'all', 'no', 'own', 'no', 'no', 'no'),
  steer: row('all', 'all', 'all', 'no', 'no', 'own', 'no', 'no', 'no'),
  administer: row('all', 'all', 'no', 'no', 'no', 'no', 'no', 'no', 'no'),
  events: row('all', 'all', 'all', 'all', 'no', 'own', 'no', 'public', 'open'),
  notices: row('all', 'all', 'all', 'all', 'no', 'public', 'public', 'public', 'open'),
  child: row('no', 'no', 'no', 'no', 'no', 'no', 'all', 'no', 'no'),
  monitor: row('all', 'all', 'all', 'all', 'no', 'public', 'public', 'public', 'open'),
};

const OPENED_BY: Readonly<Record<Right, OpenPart | undefined>> = {
  read: undefined,
  status: undefined,
  order: undefined,
  follow: undefined,
  steer: undefined,
  administer: undefined,
  events: 'notices',
  notices: 'notices',
  child: undefined,
  monitor: 'monitor',
};

/** How much of a route's answer the caller gets. */
export type Admitted = 'all' | 'own' | 'public';
export type Decision =
  | { readonly kind: 'admitted'; readonly view: Admitted }
  /** 401: other credentials may help; 403: this caller may not. */
  | { readonly kind: 'refused'; readonly code: 'unauthorised' | 'forbidden' };

/** May `caller` use a route that needs `right`, about `updateId` when the route is about one update? Pure. */
export function decide(
  right: Right,
  caller: PortCaller,
  open: readonly OpenPart[],
  updateId: string | undefined,
): Decision {
  const admission = ACCESS[right][classOf(caller)];
  switch (admission) {
    case 'all':
    case 'public':
      return { kind: 'admitted', view: admission };
    case 'own':
      return caller.kind === 'update-token' && (updateId === undefined || updateId === caller.updateId)
        ? { kind: 'admitted', view: 'own' }
        : refuse(caller);
    case 'open': {
      const part = OPENED_BY[right];
      return part !== undefined && open.includes(part) ? { kind: 'admitted', view: 'public' } : refuse(caller);
    }
    case 'no':
      return refuse(caller);
  }
}

/** Could a ticket be used here at all? Asked before it is used up. */
export function takesTickets(right: Right): boolean {
  return ACCESS[right].ticket !== 'no';
}

export function classOf(caller: PortCaller): CallerClass {
  switch (caller.kind) {
    case 'local':
    case 'ticket':
    case 'update-token':
    case 'child':
      return caller.kind;
    case 'token':
      return `token-${caller.scope}`;
    case 'anonymous':
      return caller.onLoopback ? 'anonymous-loopback' : 'anonymous-remote';
  }
}

/** The caller as the application knows it; the table lets nobody else reach an act. */
export function actingCaller(caller: PortCaller): Caller {
  switch (caller.kind) {
    case 'local':
    case 'token':
      return caller;
    case 'ticket':
    case 'update-token':
      return { kind: 'ticket', ...caller.holder };
    case 'child':
    case 'anonymous':
      throw new Error(`the access table let ${caller.kind} reach an act`);
  }
}

/** For the log: who it was, without secrets. */
export function nameOf(caller: PortCaller): string {
  switch (caller.kind) {
    case 'ticket':
    case 'update-token':
      return `${caller.kind} of ${caller.holder.user}`;
    case 'token':
      return `token ${caller.name}`;
    case 'local':
    case 'child':
    case 'anonymous':
      return caller.kind;
  }
}

function refuse(caller: PortCaller): Decision {
  return { kind: 'refused', code: caller.kind === 'anonymous' ? 'unauthorised' : 'forbidden' };
}

function row(
  local: Admission,
  tokenAdmin: Admission,
  tokenUpdate: Admission,
  tokenRead: Admission,
  ticket: Admission,
  updateToken: Admission,
  child: Admission,
  anonymousLoopback: Admission,
  anonymousRemote: Admission,
): Readonly<Record<CallerClass, Admission>> {
  return {
    local,
    'token-admin': tokenAdmin,
    'token-update': tokenUpdate,
    'token-read': tokenRead,
    ticket,
    'update-token': updateToken,
    child,
    'anonymous-loopback': anonymousLoopback,
    'anonymous-remote': anonymousRemote,
  };
}
