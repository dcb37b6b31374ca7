import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { RollbackOrder } from '../../api/messages.ts';
import type { Launcher } from '../../wiring/launcher.ts';
import { openLauncherLog } from '../../wiring/launcher-log.ts';
import { say } from '../../texts/messages.ts';
import { stopSignal, type VerbContext, withLauncher } from '../context.ts';
import { showOrder } from '../show-order.ts';
import { tellRefused } from './refused.ts';

/**
 * A rollback while no launcher runs: this process is the launcher until the order is settled, then leaves the server
 * running for the next launcher to take over.
 */
export async function rollBackUnattended(context: VerbContext, order: RollbackOrder): Promise<number> {
  const { voice } = context;
  const launcher = await openQuietLauncher(context);
  if (!launcher.ok) return voice.fault(launcher.fault);
  const { signal, forget } = stopSignal(context.own);
  try {
    await launcher.value.start();
    const done = await orderAndShow(context, order, signal);
    return done.ok ? done.value : voice.fault(done.fault);
  } finally {
    await launcher.value.close('leave');
    if (signal.aborted) voice.remark(say(voice.language, 'cli.goes-on-later'));
    forget();
  }
}

async function openQuietLauncher({ platform, loaded }: VerbContext): Promise<Result<Launcher>> {
  const log = await openLauncherLog(platform, loaded.configuration.logs);
  const { openLauncher } = await import('../../wiring/launcher.ts');
  return openLauncher(platform, loaded, log);
}

async function orderAndShow(context: VerbContext, order: RollbackOrder, signal: AbortSignal): Promise<Result<number>> {
  const { platform, voice } = context;
  const done = await withLauncher(context, async (client) => {
    const given = await client.orderRollback(order);
    if (!given.ok) return succeed(tellRefused(context, given.fault));
    return succeed(await showOrder({ client, clock: platform.clock, voice, signal }, given.value.id));
  });
  if (done.ok || done.fault.code !== 'launcher-absent') return done;
  return fail(faultOf('unexpected', 'the launcher in this process does not answer', { cause: done.fault }));
}
