import type { Result } from '../../platform/result.ts';
import { succeed } from '../../platform/result.ts';
import type { StepContext } from './step.ts';

/** Steps that touch the bundle or the data make sure themselves that no server runs on them, whatever happened before. */
export async function ensureStopped({ tools, order }: StepContext): Promise<Result<void>> {
  const stopped = await tools.server.stop({ reason: `${order.kind} ${order.id}`, startsAgain: true });
  return stopped.ok ? succeed() : stopped;
}
