import { createHash } from 'node:crypto';

/**
 * Where a machine stands in the roll-out of a release: 0 ≤ share < 100, the same at every look, another for every release.
 *
 * A release whose percentage grows keeps the machines that it had.
 */
export function rolloutShare(machineId: string, manifestSha256: string): number {
  return fraction(`${machineId}\nrollout\n${manifestSha256}`) * 100;
}

/** The machine's own moment within each interval: checks of many machines spread over it by themselves. */
export function phaseOf(machineId: string, intervalMs: number): number {
  return Math.floor(fraction(`${machineId}\nphase`) * intervalMs);
}

/** The next moment after `now` at which the machine's turn comes, once an interval. */
export function nextTurn(machineId: string, intervalMs: number, now: number): number {
  const phase = phaseOf(machineId, intervalMs);
  return Math.floor((now - phase) / intervalMs + 1) * intervalMs + phase;
}

function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
