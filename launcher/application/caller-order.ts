import type { Order } from '../../installer/update/order.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application, Caller } from '../api/application.ts';
import type { LocalUpdateOrder } from '../api/messages.ts';
import type { ApplicationParts } from './application-parts.ts';

type RollbackOrder = Parameters<Application['orderRollback']>[0];

/** An update as it is written into the journal: what the caller wished, completed by the configuration. */
export function updateOrder(parts: ApplicationParts, order: LocalUpdateOrder, caller: Caller): Order {
  return {
    ...commonParts(parts, order, caller),
    kind: 'update',
    ...(order.fromFile === undefined ? {} : { fromFile: order.fromFile }),
    ...(order.acceptAged === undefined ? {} : { acceptAged: order.acceptAged }),
    ...(order.notBefore === undefined ? {} : { notBefore: Date.parse(order.notBefore) }),
  };
}

/** The same for a rollback. */
export function rollbackOrder(parts: ApplicationParts, order: RollbackOrder, caller: Caller): Order {
  return {
    ...commonParts(parts, order, caller),
    kind: 'rollback',
    ...(order.data === undefined ? {} : { restoreData: order.data }),
  };
}

/** The name by which journal, history and mails know the caller. */
export function nameOf(caller: Caller, machine: Machine): string {
  switch (caller.kind) {
    case 'local':
      return machine.account;
    case 'ticket':
      return caller.user;
    case 'token':
      return `token ${caller.name}`;
  }
}

/** The language in which a caller is answered: the wished one, the user's, the configured one. */
export function languageOf(parts: ApplicationParts, wanted: Language | undefined, caller: Caller): Language {
  return wanted ?? (caller.kind === 'ticket' ? caller.language : undefined) ?? parts.defaults.language;
}

function commonParts(
  parts: ApplicationParts,
  order: Pick<LocalUpdateOrder & RollbackOrder, 'id' | 'delaySeconds' | 'language' | 'version' | 'notifyEmail'>,
  caller: Caller,
): Omit<Order, 'kind'> {
  const email = order.notifyEmail ?? (caller.kind === 'ticket' ? caller.email : undefined);
  return {
    id: order.id ?? parts.newId(),
    orderedBy: nameOf(caller, parts.machine),
    delaySeconds: order.delaySeconds ?? parts.defaults.delaySeconds,
    language: languageOf(parts, order.language, caller),
    ...(order.version === undefined ? {} : { version: order.version }),
    ...(email === undefined ? {} : { notifyEmail: email }),
  };
}
