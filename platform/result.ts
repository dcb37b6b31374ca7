import type { Fault } from './fault.ts';

/** An expected outcome: a value, or the fault that took its place. Bugs are thrown, faults are returned. */
export type Result<Value, Failure = Fault> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly fault: Failure };

export function succeed(): Result<void, never>;
export function succeed<Value>(value: Value): Result<Value, never>;
export function succeed(value?: unknown): Result<unknown, never> {
  return { ok: true, value };
}

export function fail<Failure>(fault: Failure): Result<never, Failure> {
  return { ok: false, fault };
}
