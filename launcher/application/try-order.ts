import { type Result, succeed } from '../../platform/result.ts';
import { liveRelease } from '../../installer/update/live-release.ts';
import { chooseRelease, eligibilityFor } from '../../installer/update/choose-release.ts';
import type { Order } from '../../installer/update/order.ts';
import type { PreflightSubject, UpdateTools } from '../../installer/update/tools.ts';
import type { CheckLine } from '../api/application.ts';
import type { MachineChecks } from '../wiring/update-checks.ts';
import { transferBytes } from '../views/release-view.ts';
import type { ViewWords } from '../views/update-view.ts';

/** The dry run of an order: finds its release and tries every precondition; nothing changes, nobody is warned. */
export async function tryOrder(
  tools: UpdateTools,
  checks: MachineChecks,
  words: ViewWords,
  order: Order,
  signal: AbortSignal,
): Promise<Result<readonly CheckLine[]>> {
  const subject = await subjectOf(tools, order, signal);
  if (!subject.ok) {
    return subject;
  }
  const { lines } = await checks.report(subject.value);
  const checked = lines.map(({ check, ok, detail, fault }) => ({
    check,
    ok,
    detail,
    ...(fault === undefined ? {} : { remedy: words.explain(fault, order.language).remedy }),
  }));
  return succeed([...checked, transferLine(subject.value)]);
}

/** What would be fetched, by signed metadata alone: files that were changed here are looked at with the order itself. */
function transferLine({ release, from }: PreflightSubject): CheckLine {
  if (release === undefined) {
    return { check: 'transfer', ok: true, detail: 'nothing is fetched' };
  }
  const bytes = transferBytes(release, from);
  const full = release.pack.length + release.manifest.length;
  const way = bytes < full ? `the delta from ${from ?? ''}, of ${full} bytes in all` : 'at most: the whole release';
  return { check: 'transfer', ok: true, detail: `${bytes} bytes are fetched (${way})` };
}

async function subjectOf(tools: UpdateTools, order: Order, signal: AbortSignal): Promise<Result<PreflightSubject>> {
  const source = await tools.openSource(order);
  const offered = source.ok ? await source.value.refresh(signal) : source;
  if (!source.ok || !offered.ok) {
    return source.ok ? (offered as Result<never>) : source;
  }
  const record = await tools.installed.read();
  if (!record.ok) {
    return record;
  }
  const installed = record.value;
  const { version: from } = await liveRelease(tools, installed);
  const release = chooseRelease(offered.value, order.version, from, await eligibilityFor(tools, installed, order));
  return release.ok
    ? succeed({ order, release: release.value, source: source.value, ...(from === undefined ? {} : { from }) })
    : release;
}
