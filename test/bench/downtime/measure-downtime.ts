import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { BenchOptions } from '../bench.ts';
import { isInstalled, run } from '../bytes/run.ts';
import { swapByFloor } from './floor.ts';
import { type SwapCase, swapByLauncher } from './ours.ts';
import { median, type Swap } from './probe.ts';
import { compilePrograms, type Programs } from './programs.ts';

/** What is swapped, and how often; `--scale` makes it more or less often. */
const CASES = {
  instant: { files: 0, bootMs: 0, rounds: 9 },
  slowBoot: { files: 0, bootMs: 500, rounds: 5 },
  files10k: { files: 10_000, bootMs: 0, rounds: 3 },
  files100k: { files: 100_000, bootMs: 0, rounds: 1 },
  refused: { files: 0, bootMs: 0, rounds: 100, handover: true },
} as const satisfies Readonly<Record<string, SwapCase>>;
type CaseName = keyof typeof CASES;

const BUILD = path.resolve(import.meta.dirname, '../../../scripts/build.ts');

/** What the bars are about. */
const EXTRA_MS = 10;
const SLOW_BOOT_RATIO = 1.05;

/**
 * How long nobody accepts during a real update by the launcher's single executable, staged beforehand, beside a parent in C
 * that stops, renames twice and starts. Ends with status 1 when a bar is missed. `--only` takes names of cases.
 */
export async function measureDowntime({ only, scale = 1 }: BenchOptions): Promise<object> {
  if (!(await isInstalled('gcc'))) throw new Error('not run: needs gcc');
  const work = realpathSync(mkdtempSync(path.join(tmpdir(), 'om-launcher-downtime-')));
  try {
    const programs = await compilePrograms(work);
    await run(process.execPath, [BUILD, '--output', path.join(work, 'built')]);
    const ours = new Map<CaseName, readonly Swap[]>();
    const floor = new Map<CaseName, readonly Swap[]>();
    for (const name of Object.keys(CASES) as CaseName[]) {
      if (only.length > 0 && !only.includes(name)) continue;
      const swapCase = { ...CASES[name], rounds: Math.max(1, Math.round(CASES[name].rounds * scale)) };
      if (name === 'instant' || name === 'slowBoot') floor.set(name, await allByFloor(work, programs, swapCase));
      ours.set(
        name,
        await swapByLauncher(path.join(work, name), programs, [path.join(work, 'built/om-launcher')], swapCase),
      );
      rmSync(path.join(work, name), { recursive: true });
      console.log(
        `${name}: ours ${told(ours.get(name))}; C ${told(floor.get(name))}; load ${loadavg()[0]?.toFixed(1)}`,
      );
    }
    const figures = figuresOf(ours, floor);
    const misses = missedBars(figures);
    for (const miss of misses) console.log(`BAR MISSED: ${miss}`);
    if (misses.length > 0) process.exitCode = 1;
    return figures;
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function allByFloor(work: string, programs: Programs, { bootMs, rounds }: SwapCase): Promise<readonly Swap[]> {
  const swaps: Swap[] = [];
  while (swaps.length < rounds) swaps.push(await swapByFloor(path.join(work, 'floor'), programs, bootMs));
  return swaps;
}

type Found = ReadonlyMap<CaseName, readonly Swap[]>;

interface Figures {
  /** Ours less that of C, with a server that is there at once. */
  readonly vsCRestartMs: number;
  readonly oursMs: number;
  readonly cRestartMs: number;
  readonly ratioSlowBoot: number;
  readonly files10k: number;
  readonly files100k: number;
  readonly refused: number;
  readonly swaps: number;
}

function figuresOf(ours: Found, floor: Found): Figures {
  const gap = (found: Found, name: CaseName): number => median((found.get(name) ?? []).map(({ gapMs }) => gapMs));
  const [oursMs, cRestartMs] = [gap(ours, 'instant'), gap(floor, 'instant')];
  const refusing = ours.get('refused');
  return {
    vsCRestartMs: round(oursMs - cRestartMs),
    oursMs: round(oursMs),
    cRestartMs: round(cRestartMs),
    ratioSlowBoot: round(gap(ours, 'slowBoot') / gap(floor, 'slowBoot')),
    files10k: round(gap(ours, 'files10k')),
    files100k: round(gap(ours, 'files100k')),
    refused: refusing?.reduce((sum, { refused, lost }) => sum + refused + lost, 0) ?? NaN,
    swaps: refusing?.length ?? 0,
  };
}

/** A figure whose case was not run is no number, and misses nothing. */
function missedBars(figures: Figures): readonly string[] {
  const { vsCRestartMs, oursMs, ratioSlowBoot, files10k, files100k, refused } = figures;
  return Object.entries({
    [`${vsCRestartMs} ms longer than a restart by C, with a server that is there at once`]: vsCRestartMs > EXTRA_MS,
    [`${ratioSlowBoot} of a restart by C, with a server that boots in 500 ms`]: ratioSlowBoot > SLOW_BOOT_RATIO,
    'ten thousand files make it longer': files10k > oursMs + EXTRA_MS,
    'a hundred thousand files make it longer': files100k > files10k + EXTRA_MS,
    [`${refused} connections were refused or lost`]: refused > 0,
  }).flatMap(([bar, missed]) => (missed ? [bar] : []));
}

function told(swaps: readonly Swap[] | undefined): string {
  if (swaps === undefined) return 'not run';
  const gaps = swaps.map(({ gapMs }) => gapMs).toSorted((a, b) => a - b);
  const refused = swaps.reduce((sum, swap) => sum + swap.refused, 0);
  const lost = swaps.reduce((sum, swap) => sum + swap.lost, 0);
  return `${gaps.map((gap) => gap.toFixed(1)).join(' ')} ms (${refused} refused, ${lost} lost)`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
