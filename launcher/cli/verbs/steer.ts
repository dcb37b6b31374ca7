import { succeed } from '../../../platform/result.ts';
import { formatDuration } from '../../texts/format.ts';
import { say } from '../../texts/messages.ts';
import { stopSignal, type VerbContext, withLauncher } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { runningOrder, showOrder } from '../show-order.ts';
import { tellRefused } from './refused.ts';

/** Cancels the order that is under way and follows it until all is as it was. */
export async function cancelOrder(context: VerbContext): Promise<number> {
  const { platform, own, voice } = context;
  const { signal, forget } = stopSignal(own);
  const done = await withLauncher(context, async (client) => {
    const running = await runningOrder(client);
    const cancelled = running.ok ? await client.cancelUpdate(running.value.id) : running;
    if (!running.ok || !cancelled.ok) return running.ok ? (cancelled as typeof cancelled & { ok: false }) : running;
    const status = await showOrder({ client, clock: platform.clock, voice, signal }, running.value.id);
    const settled = await client.update(running.value.id);
    return succeed(settled.ok && settled.value.state === 'cancelled' ? EXIT.done : status);
  });
  forget();
  return done.ok ? done.value : tellRefused(context, done.fault);
}

/** The port's own measure when the caller names none. */
const USUAL_SECONDS = 600;

export async function postponeOrder(context: VerbContext, request: RequestOf<'postpone'>): Promise<number> {
  const { voice } = context;
  const seconds = request.seconds ?? USUAL_SECONDS;
  const done = await withLauncher(context, async (client) => {
    const running = await runningOrder(client);
    if (!running.ok) return running;
    const postponed = await client.postponeUpdate(running.value.id, seconds);
    return postponed.ok ? succeed(running.value.id) : postponed;
  });
  if (!done.ok) return tellRefused(context, done.fault);
  voice.object({ id: done.value, postponedSeconds: seconds });
  voice.verdict(say(voice.language, 'cli.postponed', { time: formatDuration(seconds * 1000, voice.language) }));
  return EXIT.done;
}
