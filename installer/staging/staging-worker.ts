import type { OwnProcess } from '../../platform/own-process.ts';
import { fail, type Result } from '../../platform/result.ts';
import { faultOf } from '../../platform/fault.ts';
import type { CompareDependencies } from '../integrity/compare.ts';
import { createStaging } from './staging.ts';
import { decodeWork, type WorkerMessage } from './worker-messages.ts';

/** The launcher's own executable with this argument is the process that puts a release together. */
export const STAGING_WORKER = 'staging-worker';

/** A transfer that names 200,000 installed files with long paths. */
const WORK_LIMIT = 160 * 1024 * 1024;
const PROGRESS_INTERVAL_MS = 200;

type WorkerProcess = Pick<OwnProcess, 'input' | 'closeInput' | 'output' | 'lowerPriority' | 'setExitCode' | 'exit'>;

/**
 * Reads one line of work from standard input, does it and writes its messages to standard output.
 *
 * Whoever ordered it holds standard input open; when it ends, he has died or called it off, and so ends this process, at once:
 * its folder has a name that nobody uses again, and the next one to work here removes it.
 */
export async function runStagingWorker(dependencies: CompareDependencies, own: WorkerProcess): Promise<void> {
  const input = own.input[Symbol.asyncIterator]();
  const line = await readLine(input);
  const ended = await perform(dependencies, own, line, input);
  tell(own, ended.ok ? { kind: 'done' } : { kind: 'failed', fault: ended.fault });
  own.setExitCode(0);
  own.closeInput();
}

async function perform(
  dependencies: CompareDependencies,
  own: WorkerProcess,
  line: string | undefined,
  input: AsyncIterator<string>,
): Promise<Result<void>> {
  if (line === undefined) return fail(faultOf('request-invalid', 'no work came'));
  const work = decodeWork(line);
  if (!work.ok) return work;
  if (work.value.idle) own.lowerPriority();
  let over = false;
  void endWithInput(own, input, () => over);
  let last = -Infinity;
  const onProgress = (doneBytes: number, totalBytes: number): void => {
    const now = dependencies.clock.monotonic();
    if (now - last < PROGRESS_INTERVAL_MS && doneBytes < totalBytes) return;
    last = now;
    tell(own, { kind: 'progress', doneBytes, totalBytes });
  };
  const staging = createStaging(dependencies);
  const staged = await staging.stage(work.value.work, onProgress, new AbortController().signal);
  over = true;
  return staged;
}

/** What comes behind the first line is of no interest, only its end. */
async function endWithInput(own: WorkerProcess, input: AsyncIterator<string>, isOver: () => boolean): Promise<void> {
  while ((await input.next()).done !== true);
  if (!isOver()) own.exit(1);
}

async function readLine(input: AsyncIterator<string>): Promise<string | undefined> {
  let text = '';
  while (!text.includes('\n')) {
    const next = await input.next();
    if (next.done === true || text.length > WORK_LIMIT) return undefined;
    text += next.value;
  }
  return text.slice(0, text.indexOf('\n'));
}

function tell(own: WorkerProcess, message: WorkerMessage): void {
  own.output.write(`${JSON.stringify(message)}\n`);
}
