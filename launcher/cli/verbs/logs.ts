import { join } from 'node:path';
import { outputFileIn } from '../../../supervisor/output-file.ts';
import { stopSignal, type VerbContext } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import { launcherLine } from '../log-line.ts';
import { createLogTail, type LogTail } from '../log-tail.ts';
import type { RequestOf } from '../request.ts';
import { padEnd } from '../style.ts';

interface LogSource {
  readonly name: 'server' | 'launcher';
  readonly tail: LogTail;
  readonly show: (line: string) => string;
}

/** How often `-f` looks for more. */
const LOOK_EVERY_MS = 300;
const NAME_COLUMNS = 'launcher'.length;

/** The last lines of the server's output and of the launcher's log; `-f` goes on until Ctrl-C. */
export async function showLogs(context: VerbContext, request: RequestOf<'logs'>): Promise<number> {
  const { platform, own, loaded } = context;
  const { folder } = loaded.configuration.logs;
  const { signal, forget } = stopSignal(own);
  const sources: readonly LogSource[] = [
    { name: 'launcher', tail: createLogTail(platform.files, join(folder, 'launcher.log')), show: launcherLine },
    { name: 'server', tail: createLogTail(platform.files, outputFileIn(folder)), show: (line) => line },
  ];
  for (const source of sources) tell(context, source, await source.tail.last(request.count));
  while (request.follow && (await platform.clock.sleep(LOOK_EVERY_MS, signal)) === 'elapsed') {
    for (const source of sources) tell(context, source, await source.tail.added());
  }
  for (const source of sources) await source.tail.close();
  forget();
  return EXIT.done;
}

function tell({ voice }: VerbContext, { name, show }: LogSource, lines: readonly string[]): void {
  for (const line of lines) {
    voice.object({ log: name, line });
    voice.verdict(`${voice.style.dim(padEnd(name, NAME_COLUMNS))}  ${printable(show(line))}`);
  }
}

/** What a server writes must not steer the terminal. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '·');
}
