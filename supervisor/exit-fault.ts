import { type Fault, faultOf } from '../platform/fault.ts';
import type { ProcessExit } from '../platform/processes.ts';
import { describeExit } from './exit-text.ts';
import { tailOf } from './output/output-tail.ts';
import { readyFor, type ServerRun, type Supervision } from './supervision.ts';

/** A server that ends this soon after it was ready most likely missed something it needs, milliseconds. */
const SOON_MS = 15_000;
const TAIL_LINES = 20;

/** Why the server counts as failed when it ended by itself; `values.tail` holds the last lines of its output. */
export async function exitFault(supervision: Supervision, run: ServerRun, exit: ProcessExit): Promise<Fault> {
  return faultOfExit(supervision, run, exit, await tailOf(supervision.dependencies.files, run.outputFile, TAIL_LINES));
}

/** As `exitFault`, with the last lines as far as they are known. */
export function faultOfExit(
  supervision: Supervision,
  run: ServerRun,
  exit: ProcessExit,
  last: readonly string[],
): Fault {
  const readyMs = readyFor(supervision, run);
  const tail = last.slice(-TAIL_LINES).join('\n');
  const seconds = Math.round(readyMs / 1_000);
  const values = { exit: describeExit(exit), tail, ...(exit.kind === 'exited' && { code: exit.code }) };
  const path = run.outputFile;
  if (run.readiness.kind === 'pending') {
    return faultOf('server-exited', `the server ${describeExit(exit)} before it was ready`, { path, values });
  }
  if (readyMs <= SOON_MS) {
    const detail = `the server became ready and ${describeExit(exit)} ${seconds} s later; it may not find something it needs, such as its data file`;
    return faultOf('server-exited-early', detail, { path, values: { ...values, seconds } });
  }
  return faultOf('server-exited', `the server ${describeExit(exit)} after ${seconds} s`, {
    path,
    values: { ...values, seconds },
  });
}
