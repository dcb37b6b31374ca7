import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ChildLink } from '../child/child-link.ts';

/** Ready when the server's last report says so. */
export function probeCooperative(link: ChildLink): Result<void> {
  const report = link.report();
  if (report?.ready === true) return succeed();
  const detail = report ? 'the server reports that it is not ready' : 'the server has not reported yet';
  return fail(
    faultOf('server-unhealthy', detail, {
      values: { probe: 'cooperative', ...(report?.progress !== undefined && { progress: report.progress }) },
    }),
  );
}
