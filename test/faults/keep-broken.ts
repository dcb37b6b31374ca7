import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Stage } from './case-run.ts';

const FOLDER = resolve(import.meta.dirname, '../../.cache/faults-broken');
/** A defect of the matrix itself breaks every case. */
const MOST = 20;

/** Copies the site and its traces as they are now, for a person to look at; gives where. */
export function keepBroken({ ground, traceFolder }: Stage, title: string, why: string): string {
  mkdirSync(FOLDER, { recursive: true });
  if (readdirSync(FOLDER).length >= MOST) return `nothing: ${FOLDER} is full`;
  const folder = join(FOLDER, `${process.pid}-${readdirSync(FOLDER).length + 1}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'why.txt'), `${title}\n${why}\n`);
  spawnSync('cp', ['-a', '--', ground.site.folder, folder]);
  spawnSync('sh', ['-c', 'cp -- "$0"/*.strace "$1"', traceFolder, folder]);
  return folder;
}
