import { resolve } from 'node:path';
import type { Result } from '../../../platform/result.ts';
import { succeed } from '../../../platform/result.ts';
import type { ApiClient } from '../../api/client.ts';
import type { LocalUpdateOrder, RollbackOrder, TryAnswer } from '../../api/messages.ts';
import type { UpdateView } from '../../api/schemas.ts';
import { say } from '../../texts/messages.ts';
import { stopSignal, type VerbContext, withLauncher } from '../context.ts';
import { optional } from '../definition.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { showOrder } from '../show-order.ts';
import { tellRefused } from './refused.ts';
import { rollBackUnattended } from './unattended-rollback.ts';

export async function orderUpdate(context: VerbContext, request: RequestOf<'update'>): Promise<number> {
  const order = updateOrder(context, request);
  if (request.dryRun) return tryUpdate(context, order);
  return giveOrder(context, request.wait, (client) => client.orderUpdate(order));
}

/** With nobody home the rollback is done in this process. */
export async function orderRollback(context: VerbContext, request: RequestOf<'rollback'>): Promise<number> {
  const order = rollbackOrder(request);
  const present = await withLauncher(context, (client) => client.status());
  if (!present.ok && present.fault.code === 'launcher-absent') return rollBackUnattended(context, order);
  return giveOrder(context, request.wait, (client) => client.orderRollback(order));
}

function updateOrder({ own, voice }: VerbContext, request: RequestOf<'update'>): LocalUpdateOrder {
  const { version, delaySeconds, notBefore, notifyEmail, fromFile, acceptAged } = request;
  return {
    language: voice.language,
    ...optional('version', version),
    ...optional('delaySeconds', delaySeconds),
    ...optional('notBefore', notBefore),
    ...optional('notifyEmail', notifyEmail),
    ...optional('fromFile', fromFile === undefined ? undefined : resolve(own.workingDirectory, fromFile)),
    ...(acceptAged ? { acceptAged } : {}),
  };
}

function rollbackOrder(request: RequestOf<'rollback'>): RollbackOrder {
  const { version, data, delaySeconds, notifyEmail } = request;
  return {
    ...optional('version', version),
    ...(data ? { data } : {}),
    ...optional('delaySeconds', delaySeconds),
    ...optional('notifyEmail', notifyEmail),
  };
}

async function giveOrder(
  context: VerbContext,
  wait: boolean,
  give: (client: ApiClient) => Promise<Result<UpdateView>>,
): Promise<number> {
  const { platform, own, voice } = context;
  const { signal, forget } = stopSignal(own);
  const done = await withLauncher(context, async (client) => {
    const given = await give(client);
    if (!given.ok) return succeed(tellRefused(context, given.fault));
    const { id } = given.value;
    if (wait) return succeed(await showOrder({ client, clock: platform.clock, voice, signal }, id));
    voice.object(given.value);
    voice.verdict(say(voice.language, 'verdict.ordered', { id }));
    return succeed(EXIT.done);
  });
  forget();
  return done.ok ? done.value : voice.fault(done.fault);
}

async function tryUpdate(context: VerbContext, order: LocalUpdateOrder): Promise<number> {
  const { voice } = context;
  const tried = await withLauncher(context, (client) => client.tryUpdate(order));
  if (!tried.ok) return tellRefused(context, tried.fault);
  const { ok } = tried.value;
  voice.lines(checkLines(context, tried.value));
  voice.object(tried.value);
  voice.verdict(say(voice.language, ok ? 'cli.checks-passed' : 'verdict.refused'));
  return ok ? EXIT.done : EXIT.refused;
}

function checkLines({ voice: { style } }: VerbContext, { checks }: TryAnswer): readonly string[] {
  return checks.flatMap(({ check, ok, detail, remedy }) => [
    `${ok ? style.good('✓') : style.bad('✗')} ${style.bold(check)}: ${detail}`,
    ...(remedy === undefined ? [] : [`    → ${remedy}`]),
  ]);
}
