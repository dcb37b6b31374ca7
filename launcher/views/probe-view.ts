import type { Fault } from '../../platform/fault.ts';
import type { ProbeFacts } from '../../supervisor/probes/probe-tally.ts';
import type { ProbeView } from '../api/schemas.ts';

/** One probe as `status` tells it. Pure. */
export function probeView({ name, kinds, passed, inARow, since, latencyMs, fault }: ProbeFacts): ProbeView {
  return {
    name,
    kinds: [...kinds],
    passed,
    inARow,
    since: new Date(since).toISOString(),
    latencyMs: Math.round(latencyMs),
    ...(fault && { detail: detailOf(fault) }),
  };
}

const DETAIL_LIMIT = 300;

/** What failed, and what lies behind it. */
function detailOf(fault: Fault): string {
  const details: string[] = [];
  for (let one: Fault | undefined = fault; one !== undefined; one = one.cause) details.push(one.detail);
  return [...new Set(details)].join(': ').slice(0, DETAIL_LIMIT);
}
