import { spawn } from 'node:child_process';

/** One swap as a client in a tight loop saw it. */
export interface Swap {
  /** From the last answer of the old server to the first of the new one. */
  readonly gapMs: number;
  readonly refused: number;
  /** Accepted or queued, and never answered. */
  readonly lost: number;
  readonly slowestMs: number;
}

const LIMIT_MS = 60_000;

/** Probes the port while `swap` is given, which must not begin before the probe has seen the old server. */
export async function probeSwap(program: string, port: number, swap: () => void): Promise<Swap> {
  const probe = spawn(program, [String(port), String(LIMIT_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => probe.once('close', resolve));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    probe.once('close', () => reject(new Error('the probe saw no server')));
    probe.stdout.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
      if (output.startsWith('watching')) resolve();
    });
  });
  swap();
  await closed;
  const [gapMs = NaN, refused = NaN, lost = NaN, slowestMs = NaN] = (output.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number);
  if (!(gapMs >= 0)) throw new Error(`no new server within ${LIMIT_MS} ms: ${output}`);
  return { gapMs, refused, lost, slowestMs };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
