import { type Fault, faultOf } from '../../platform/fault.ts';
import type { ProcessExit } from '../../platform/processes.ts';
import { readyFor, type ServerRun, type Supervision } from '../supervision.ts';
import { dataHeld, diskFull, portTaken } from './conditions.ts';
import { findLine } from './word-pattern.ts';

/** A server that was ready for longer than this had what it needs, milliseconds. */
const EARLY_MS = 15_000;
/** A program that is to be a server and ends well within this after its spawn did not want to run, milliseconds. */
const SHORT_LIFE_MS = 60_000;

/** What a program says when a write found no space, on any system. */
const NO_SPACE = ['ENOSPC', 'no space left on device', 'not enough space on the disk', 'disk full'];

/**
 * Why a server that ended by itself will most likely end again, if that can be told; else how it ended, as given.
 *
 * A server that had been ready for a while is never accused of what its surroundings look like now.
 */
export async function nameCause(
  supervision: Supervision,
  run: ServerRun,
  exit: ProcessExit,
  ended: Fault,
): Promise<Fault> {
  const early = readyFor(supervision, run) <= EARLY_MS;
  // While it is held, an update judges the release by how the server ended.
  if (!early || supervision.hold) return ended;
  const lines = String(ended.values?.['tail'] ?? '').split('\n');
  const named =
    (await noSpace(supervision, lines, run)) ??
    licenceMissing(supervision, lines, run) ??
    (run.readiness.kind === 'pending' ? await fromSurroundings(supervision, run, exit) : undefined);
  return named ? { ...named, cause: ended } : ended;
}

async function fromSurroundings(
  supervision: Supervision,
  run: ServerRun,
  exit: ProcessExit,
): Promise<Fault | undefined> {
  return (
    (await portTaken(supervision)) ??
    (await diskFull(supervision)) ??
    (await dataHeld(supervision)) ??
    endedOfItsOwnWill(supervision, run, exit)
  );
}

async function noSpace(
  supervision: Supervision,
  lines: readonly string[],
  { outputFile: path }: ServerRun,
): Promise<Fault | undefined> {
  const line = findLine(lines, NO_SPACE);
  if (line === undefined) return undefined;
  return (await diskFull(supervision)) ?? faultOf('server-disk-full', `the server said: ${cut(line)}`, { path });
}

function licenceMissing({ options }: Supervision, lines: readonly string[], run: ServerRun): Fault | undefined {
  const line = findLine(lines, options.causes.licencePatterns);
  if (line === undefined) return undefined;
  return faultOf('server-licence-missing', `the server said: ${cut(line)}`, { path: run.outputFile });
}

function endedOfItsOwnWill({ dependencies }: Supervision, run: ServerRun, exit: ProcessExit): Fault | undefined {
  const livedMs = dependencies.clock.monotonic() - run.beganAt;
  if (exit.kind !== 'exited' || exit.code !== 0 || livedMs > SHORT_LIFE_MS) return undefined;
  const seconds = Math.round(livedMs / 1_000);
  const detail = `it ended with status 0 after ${seconds} s without ever being ready, as a program does that would have to show a dialog and cannot`;
  return faultOf('server-quit-early', detail, { path: run.outputFile, values: { seconds } });
}

const SHOWN_CHARACTERS = 200;

function cut(line: string): string {
  return line.trim().slice(0, SHOWN_CHARACTERS);
}
