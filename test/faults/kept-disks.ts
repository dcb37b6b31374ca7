import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { begin, type Stage } from './case-run.ts';
import { endProcessesBelow } from './end-processes.ts';
import { ENGINE_FLAG } from './fault-site.ts';
import type { ImageGround } from './image-ground.ts';
import { play, type Running } from './play.ts';
import { keyOf, type Point } from './points.ts';
import type { CutList } from './cut-list.ts';

/** A stage on a disk that can be kept at any moment. */
export interface DiskStage extends Stage {
  readonly disk: ImageGround;
}

/**
 * Plays the scenario once and keeps the disk as it is right in front of each of these calls: what a power cut would leave then.
 *
 * Gives the name of the kept disk by the key of the call; disks to which nothing was written in between are one. A call that was
 * not met, or is made by the system together with others, has none.
 */
export async function keepDisks(stage: DiskStage, points: readonly Point[]): Promise<ReadonlyMap<string, string>> {
  const kept = new Map<string, string>();
  await playWatched(stage, { wanted: points.map(keyOf), syncs: true }, async (key) => {
    kept.set(key, await stage.disk.keepNow());
  });
  return kept;
}

/** The disk at the end of a whole run with every fsync switched off: what was not forced to it. */
export async function keepUnsynced(stage: DiskStage): Promise<string> {
  let kept = '';
  await playWatched(stage, { wanted: [], syncs: false }, undefined, async () => {
    kept = await stage.disk.keepNow();
  });
  return kept;
}

async function playWatched(
  stage: DiskStage,
  list: Omit<CutList, 'root'>,
  onCall?: (key: string) => Promise<void>,
  atEnd?: () => Promise<void>,
): Promise<void> {
  await begin(stage);
  const launcher = spawnWatched(stage, list, onCall);
  try {
    await play(stage.ground.site, launcher, stage.scenario.order);
    await atEnd?.();
  } finally {
    await launcher.end();
    await endProcessesBelow(stage.ground.site.folder);
  }
}

function spawnWatched(
  { ground, traceFolder }: DiskStage,
  cuts: Omit<CutList, 'root'>,
  onCall: ((key: string) => Promise<void>) | undefined,
): Running & { end(): Promise<void> } {
  const { site, program } = ground;
  const list = join(traceFolder, 'cuts.json');
  writeFileSync(list, JSON.stringify({ root: site.folder, ...cuts } satisfies CutList));
  const child = spawn(
    process.execPath,
    [ENGINE_FLAG, '--require', program.pinnedNames, '--require', program.cutBarrier, program.launcher].concat([
      'run',
      '--config',
      site.configFile,
    ]),
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '1', OM_FAULTS_ROW: '1', OM_FAULTS_CUTS: list },
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr] as readonly Readable[]) {
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  }
  const line = child.stdio[3] as Readable & Writable;
  line.on('error', () => undefined);
  let failure: unknown;
  createInterface({ input: line }).on('line', (key) => {
    void Promise.resolve(onCall?.(key))
      .catch((error: unknown) => (failure = error))
      .then(() => line.write('\n'));
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    output: () => text,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async end() {
      child.kill('SIGKILL');
      await ended;
      if (failure !== undefined) throw new Error('a disk could not be kept', { cause: failure });
    },
  };
}
