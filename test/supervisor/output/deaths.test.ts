import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createOutputKeeper } from '../../../supervisor/output/output-keeper.ts';
import type { OutputParts } from '../../../supervisor/output/output-parts.ts';
import { createOutputReader } from '../../../supervisor/output/output-reader.ts';
import { until } from '../../kit/until.ts';
import { endAll, isRunning, readRecord, serverOptions } from '../supervised.ts';
import { catalogueOf, diskBytes, keep, linesIn, outputScene, rangesOf, type Scene, wholeOutput } from './flooded.ts';

/** Two pieces and a rest. */
const LINES = 6_000;
/** Each of some twenty-four deaths flushes to the disk several times; a busy machine takes long for that. */
const LONG_MS = 60_000;
const PIECE_BYTES = 256 * 1024;
const LAUNCHER = join(import.meta.dirname, '../../programs/children/launcher.ts');
const FLOOD = join(import.meta.dirname, '../../programs/children/flood.ts');

test(
  'a launcher that dies before or after any act of a rotation leaves every line in exactly one place',
  { timeout: LONG_MS },
  async () => {
    const acts = (await dieAt(filled().parts, Infinity, 'before')).acts;
    // The catalogue of the beginning, the probe, and for each of two pieces: copy, catalogue, name, hole.
    expect(acts).toBeGreaterThanOrEqual(12);
    for (let act = 1; act <= acts; act += 1) {
      for (const moment of ['before', 'after'] as const) {
        const { folder, parts } = filled();
        const reader = createOutputReader(parts.files, folder);
        const followed = [...(await reader.added())];
        await dieAt(parts, act, moment);
        followed.push(...(await readAll(() => reader.added())));
        const next = keep(parts);
        await settled(parts);
        await next.end();
        followed.push(...(await readAll(() => reader.added())));
        const where = `${moment} act ${act} of ${acts}`;
        expect({ where, lines: rangesOf(linesIn(wholeOutput(folder))) }).toEqual({ where, lines: `0–${LINES - 1}` });
        expect({ where, lines: rangesOf(followed) }).toEqual({ where, lines: `0–${LINES - 1}` });
        expect(diskBytes(join(folder, 'server.log'))).toBeLessThan(parts.limits.fileBytes + 65_536);
      }
    }
  },
);

test(
  'the launcher killed again and again during a flood: the server writes on, and no line is lost',
  { timeout: LONG_MS },
  async () => {
    const { folder, parts } = outputScene();
    const lines = 400_000;
    for (const name of ['bundle', 'state', 'logs']) mkdirSync(join(folder, name));
    const options = {
      ...serverOptions(folder, 1, []),
      args: [FLOOD, ...[0, lines, 9_973, 0].map(String)],
      logs: parts.limits,
      probes: [],
    };
    writeFileSync(join(folder, 'options.json'), JSON.stringify(options));
    onTestFinished(() => endAll({ ...parts } as never, folder));
    const pids = new Set<unknown>();
    for (let round = 0; round < 5; round += 1) {
      const launcher = spawn(process.execPath, [LAUNCHER, join(folder, 'options.json')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(launcher.stdout, 'data');
      await until(() => pidOf(folder) !== undefined);
      await parts.clock.sleep(40 * round);
      launcher.kill('SIGKILL');
      await once(launcher, 'exit');
      pids.add(pidOf(folder));
    }
    expect(pids.size).toBe(1);
    const [pid] = pids;
    expect(isRunning(Number(pid))).toBe(true);
    const logs = { ...parts, folder: join(folder, 'logs') };
    await until(() => readFileSync(join(logs.folder, 'server.log')).includes(`wrote ${lines}`));
    const next = keep(logs);
    await settled(logs);
    await next.end();
    const whole = linesIn(wholeOutput(logs.folder)).filter((line) => !line.startsWith('wrote'));
    expect(rangesOf(whole)).toBe(`0–${lines - 1}`);
  },
);

function filled(): Scene {
  const scene = outputScene();
  const limits = { ...scene.parts.limits, fileBytes: PIECE_BYTES };
  const lines = Array.from({ length: LINES }, (_, number) => `line ${number} ${'x'.repeat(100)}\n`);
  writeFileSync(join(scene.folder, 'server.log'), lines.join(''));
  return { ...scene, parts: { ...scene.parts, limits } };
}

function pidOf(folder: string): unknown {
  try {
    return readRecord(folder)['pid'];
  } catch {
    return undefined;
  }
}

/** Cuts until the act; nothing that it wanted to do from then on happens, as when a process is killed. */
async function dieAt(parts: OutputParts, act: number, moment: 'before' | 'after'): Promise<{ readonly acts: number }> {
  let acts = 0;
  const ending = new AbortController();
  const { promise: died, resolve: die } = Promise.withResolvers<undefined>();
  const dying = async <Value>(perform: () => Promise<Value>): Promise<Value> => {
    acts += 1;
    const isLast = acts === act;
    if (acts > act) throw new Error('killed');
    const value = isLast && moment === 'before' ? undefined : await perform();
    if (!isLast) return value as Value;
    die(undefined);
    throw new Error('killed');
  };
  const { files, freeStart } = parts;
  const mortal: OutputParts = {
    ...parts,
    files: {
      ...files,
      openWritable: async (path, options) => {
        let opened: Awaited<ReturnType<typeof files.openWritable>> | undefined;
        try {
          return await dying(async () => (opened = await files.openWritable(path, options)));
        } catch (error) {
          if (opened?.ok) await opened.value.close();
          throw error;
        }
      },
      writeDurably: (path, content, mode) => dying(() => files.writeDurably(path, content, mode)),
      renameNew: (from, to) => dying(() => files.renameNew(from, to)),
      remove: (path) => dying(() => files.remove(path)),
    },
    freeStart: (path, bytes) => dying(() => freeStart(path, bytes)),
  };
  createOutputKeeper(mortal, ending.signal, () => undefined).look();
  await Promise.race([died, settled(parts)]);
  ending.abort();
  return { acts };
}

/** Nothing is left to be cut off. */
async function settled({ folder, limits }: OutputParts): Promise<void> {
  await until(() => {
    try {
      return (
        diskBytes(join(folder, 'server.log')) < limits.fileBytes + 65_536 && catalogueOf(folder).current !== undefined
      );
    } catch {
      return false;
    }
  });
}

async function readAll(read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    const added = await read();
    if (added.length === 0) return lines;
    lines.push(...added);
  }
}
