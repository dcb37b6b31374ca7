import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import type { Catalogue } from '../../../supervisor/output/catalogue.ts';
import { createOutputKeeper, type OutputKeeper } from '../../../supervisor/output/output-keeper.ts';
import type { OutputParts } from '../../../supervisor/output/output-parts.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const FLOOD = join(import.meta.dirname, '../../programs/children/flood.ts');
const MIB = 1024 * 1024;

export interface Scene {
  readonly folder: string;
  readonly parts: OutputParts;
  readonly log: ReturnType<typeof createRecordingLog>;
}

/** A folder of logs with small limits. */
export function outputScene(change: Partial<OutputParts> = {}): Scene {
  const folder = temporaryFolder('output');
  const log = createRecordingLog();
  const limits = { fileBytes: MIB, ageMs: 3_600_000, filesKept: 1_000, budgetBytes: 1024 * MIB };
  return { folder, log, parts: { ...openPlatform(), log, folder, limits, ...change } };
}

/** A keeper that ends with the test, or by its `end`. */
export function keep(parts: OutputParts): OutputKeeper & { readonly end: () => Promise<void> } {
  const ending = new AbortController();
  const tasks: Promise<void>[] = [];
  const keeper = createOutputKeeper(parts, ending.signal, (work) => void tasks.push(work));
  const end = async (): Promise<void> => {
    ending.abort();
    await Promise.all(tasks);
  };
  onTestFinished(end);
  keeper.look();
  return { ...keeper, end };
}

export interface Flood {
  readonly child: ChildProcess;
  /** All lines are written. */
  readonly written: Promise<unknown>;
}

/** A real program whose output is appended to `server.log`, as the launcher starts the server. */
export function flood(folder: string, first: number, lines: number, pieceBytes = 65_536, pauseMs = 0): Flood {
  const output = openSync(join(folder, 'server.log'), 'a');
  const args = [FLOOD, first, lines, pieceBytes, pauseMs].map(String);
  const child = spawn(process.execPath, args, { stdio: ['ignore', output, 'pipe'] });
  closeSync(output);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { child, written: once(child.stderr ?? child, 'data') };
}

export function catalogueOf(folder: string): Catalogue {
  return JSON.parse(readFileSync(join(folder, 'server-output.json'), 'utf8')) as Catalogue;
}

/** Everything that the files hold, in the order of the catalogue, holes left out; nothing but these files may be there. */
export function wholeOutput(folder: string): string {
  const { earlier, current } = catalogueOf(folder);
  const known = [...earlier.map(({ name }) => name), 'server.log', 'server-output.json', 'crashes'];
  expect(readdirSync(folder).filter((name) => !known.includes(name))).toEqual([]);
  return [
    ...earlier.map(({ name, from, start }) => readFileSync(join(folder, name)).subarray(from - start)),
    ...(current === undefined ? [] : [readFileSync(join(folder, 'server.log')).subarray(current.cut)]),
  ].join('');
}

/** Numbers of the lines, told as ranges: `0–99` when all are there once and in order. */
export function rangesOf(lines: readonly string[]): string {
  const ranges: (readonly [number, number])[] = [];
  for (const line of lines) {
    const number = Number(/^line (\d+) x{100}$/.exec(line)?.[1] ?? NaN);
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) ranges[ranges.length - 1] = [last[0], number];
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => `${from}–${to}`).join(' ');
}

export function linesIn(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}

/** What the file takes on the disk. */
export function diskBytes(path: string): number {
  return statSync(path).blocks * 512;
}
