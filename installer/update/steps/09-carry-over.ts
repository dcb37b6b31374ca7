import { carryOverRequest } from '../carry-over-request.ts';
import { ensureStopped } from '../ensure-stopped.ts';
import { nothingToUndo, type Step } from '../step.ts';

/**
 * Carries preferences, backup settings, certificates and names into the staged bundle; the installed one is only read.
 *
 * `stage` has rehearsed it while the server still ran: here only what changed since is looked at again.
 */
export const carryOver: Step<'carryOver'> = {
  async run(context) {
    const stopped = await ensureStopped(context);
    const request = stopped.ok ? await carryOverRequest(context) : stopped;
    if (!request.ok) {
      return request;
    }
    const { tools } = context;
    const report = await tools.carryOver(request.value);
    const opened = report.ok ? await tools.staging.open(request.value.staged, request.value.next) : report;
    return opened.ok ? report : opened;
  },
  // The staged bundle is thrown away as a whole when `stage` is undone.
  undo: nothingToUndo,
};
