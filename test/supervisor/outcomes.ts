import type { Fault } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';

/** The value of a result that must be one. */
export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
}

/** The fault of a result that must be one. */
export function faultIn(result: Result<unknown>): Fault {
  if (result.ok) throw new Error('a fault was expected');
  return result.fault;
}
