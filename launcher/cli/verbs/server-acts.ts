import { succeed } from '../../../platform/result.ts';
import { say } from '../../texts/messages.ts';
import { type VerbContext, withLauncher } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { serverRuns } from '../status-lines.ts';
import { tellRefused } from './refused.ts';

/** `start`, `stop`, `restart`: the server, not the launcher. */
export async function actOnServer(
  context: VerbContext,
  { verb }: RequestOf<'start' | 'stop' | 'restart'>,
): Promise<number> {
  const { voice } = context;
  const { language } = voice;
  const done = await withLauncher(context, async (client) => {
    const acted = await client.serverAct(verb);
    const after = await client.status();
    return succeed({ acted, after });
  });
  if (!done.ok) return tellRefused(context, done.fault);
  const { acted, after } = done.value;
  const runs = after.ok && serverRuns(after.value.state);
  if (acted.ok) {
    if (after.ok) voice.object(after.value);
    voice.verdict(say(language, verb === 'stop' ? 'verdict.server-down' : 'verdict.server-running'));
    return EXIT.done;
  }
  const status = voice.fault(acted.fault);
  const isDown = verb !== 'stop' && after.ok && !runs && status === EXIT.failed;
  voice.verdict(
    say(language, isDown ? 'verdict.failed-down' : runs ? 'verdict.server-running' : 'verdict.server-down'),
  );
  return isDown ? EXIT.serverDown : status;
}
