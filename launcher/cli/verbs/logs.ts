import { join } from 'node:path';
import { readCrashes } from '../../../supervisor/crashes/crash-bundle.ts';
import { createOutputReader } from '../../../supervisor/output/output-reader.ts';
import { say } from '../../texts/messages.ts';
import { crashView } from '../../views/crash-view.ts';
import { stopSignal, type VerbContext } from '../context.ts';
import { crashLine } from '../crash-line.ts';
import { EXIT } from '../exit-status.ts';
import { launcherLine } from '../log-line.ts';
import { createLogTail } from '../log-tail.ts';
import type { RequestOf } from '../request.ts';
import { padEnd } from '../style.ts';

/** Lines of one log: its last ones, and what is added to it. */
export interface LogLines {
  last(count: number): Promise<readonly string[]>;
  added(): Promise<readonly string[]>;
  /** A last line without its end. */
  unfinished(): readonly string[];
}

interface LogSource {
  readonly name: 'server' | 'launcher';
  readonly lines: LogLines;
  readonly show: (line: string) => string;
}

/** How often `-f` looks for more when there was nothing. */
const LOOK_EVERY_MS = 300;
const NAME_COLUMNS = 'launcher'.length;
/** An older crash is history, milliseconds. */
const RECENT_MS = 7 * 86_400_000;

/** The last lines of the server's output and of the launcher's log; `-f` goes on until Ctrl-C. */
export async function showLogs(context: VerbContext, request: RequestOf<'logs'>): Promise<number> {
  const { platform, own, loaded } = context;
  const { folder } = loaded.configuration.logs;
  const { signal, forget } = stopSignal(own);
  const launcher = createLogTail(platform.files, join(folder, 'launcher.log'));
  const sources: readonly LogSource[] = [
    { name: 'launcher', lines: launcher, show: launcherLine },
    { name: 'server', lines: createOutputReader(platform.files, folder), show: (line) => line },
  ];
  for (const source of sources) tell(context, source, await source.lines.last(request.count));
  if (request.follow) await follow(context, sources, signal);
  for (const source of sources) tell(context, source, source.lines.unfinished());
  await tellCrash(context);
  await launcher.close();
  forget();
  return EXIT.done;
}

async function follow(context: VerbContext, sources: readonly LogSource[], signal: AbortSignal): Promise<void> {
  const { clock } = context.platform;
  while (!signal.aborted) {
    let more = false;
    for (const source of sources) {
      const lines = await source.lines.added();
      tell(context, source, lines);
      more ||= lines.length > 0;
    }
    // A flood is read as it comes; Ctrl-C is heard all the same.
    await clock.sleep(more ? 0 : LOOK_EVERY_MS, signal);
  }
}

/** Somebody who reads logs most often looks for a crash: where all that is known of the last one lies. */
async function tellCrash({ platform, loaded, voice }: VerbContext): Promise<void> {
  const [found] = await readCrashes(platform.files, loaded.configuration.logs.folder, 1);
  if (found === undefined) return;
  const crash = crashView(found);
  if (platform.clock.now() - Date.parse(crash.at) > RECENT_MS) return;
  voice.object({ log: 'crash', ...crash });
  voice.verdict(`${voice.style.bad(say(voice.language, 'label.crash'))}: ${crashLine(crash, voice.language)}`);
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
