import { succeed } from '../../../platform/result.ts';
import { carryOverRequest } from '../carry-over-request.ts';
import { ensureStopped } from '../ensure-stopped.ts';
import { nothingToUndo, required, type Step } from '../step.ts';

/**
 * Carries preferences, backup settings, certificates and names into the staged bundle; the installed one is only read.
 *
 * `stage` has rehearsed it while the server still ran: here only where a rule reaches is looked at again, and the manifests are read
 * again only by a launcher that was started since. What somebody added elsewhere in between stays in `_old`, untold.
 */
export const carryOver: Step<'carryOver'> = {
  async run(context) {
    const stopped = await ensureStopped(context);
    if (!stopped.ok) {
      return stopped;
    }
    const { tools } = context;
    const rehearsed = tools.carryOver.rehearsed(required(context, 'preflight').nextBundle);
    const request = rehearsed === undefined ? await carryOverRequest(context) : succeed(rehearsed);
    if (!request.ok) {
      return request;
    }
    const report = await tools.carryOver.carry(request.value);
    const opened = report.ok ? await tools.staging.open(request.value.staged, request.value.next) : report;
    return opened.ok ? report : opened;
  },
  // The staged bundle is thrown away as a whole when `stage` is undone.
  undo: nothingToUndo,
};
