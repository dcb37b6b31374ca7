import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import type { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OwnProcess, StopRequest, TextOutput } from '../own-process.ts';
import { isErrno } from './errno.ts';

/** SIGHUP is also the closed console window on Windows (CTRL_CLOSE_EVENT), SIGBREAK its Ctrl-Break. */
const STOP_SIGNALS: readonly (readonly [NodeJS.Signals, StopRequest])[] = [
  ['SIGINT', 'interrupt'],
  ['SIGTERM', 'terminate'],
  ['SIGHUP', 'hang-up'],
  ['SIGBREAK', 'interrupt'],
];

/** This very process, for the composition root only. */
export function openOwnProcess(): OwnProcess {
  return {
    // A single executable repeats its own path where node has the script.
    args: process.argv.slice(2),
    workingDirectory: process.cwd(),
    output: textOutput(process.stdout),
    errorOutput: textOutput(process.stderr),
    input: readInput(),
    closeInput: () => {
      process.stdin.destroy();
    },
    lowerPriority,
    releaseMemory,
    setExitCode: (code) => {
      process.exitCode = code;
    },
    exit: (code) => process.exit(code),
    onStopRequest,
    onUncaught,
  };
}

/** The stream is touched only once somebody reads it: an open one keeps the process alive. */
async function* readInput(): AsyncGenerator<string> {
  process.stdin.setEncoding('utf8');
  try {
    for await (const piece of process.stdin) yield String(piece);
  } catch {
    // Closed by us, or by another side that died: its end in either case.
  }
}

function lowerPriority(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
    // Each session has a share of its own, whatever the priorities in it (sched(7), autogroup): the share is lowered, too.
    if (process.platform === 'linux') writeFileSync('/proc/self/autogroup', String(constants.priority.PRIORITY_LOW));
  } catch {
    // Without the right, or a kernel that knows no autogroups: the work is done at the priority that there is.
  }
}

/** V8 has a collector for want of memory, which drops compiled code too, and no other way to it. */
function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, [{ type: 'major', flavor: 'last-resort' }]);
}

/** Node's type says that these are always terminals. */
type StandardStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** `om-launcher status | head -1`: a reader that leaves is no failure of ours. */
function textOutput(stream: StandardStream): TextOutput {
  stream.on('error', (error: Error) => {
    if (!isErrno(error) || error.code !== 'EPIPE') throw error;
  });
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal: stream.isTTY ?? false,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

function onStopRequest(handler: (request: StopRequest) => void): () => void {
  const listeners = STOP_SIGNALS.map(([signal, request]) => {
    const listener = (): void => handler(request);
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}

function onUncaught(handler: (error: unknown) => void): () => void {
  process.on('uncaughtException', handler);
  process.on('unhandledRejection', handler);
  return () => {
    process.off('uncaughtException', handler);
    process.off('unhandledRejection', handler);
  };
}
