import type { PreflightDependencies, PreflightLine, PreflightReport, PreflightRun, PreflightSubject } from './check.ts';
import { checkBackup, checkPrevious, checkRelease, checkServer } from './conditions.ts';
import { checkExecutableProbe } from './executable-probe.ts';
import { checkBundle, checkFolder } from './places.ts';
import { checkRepositoryHost } from './repository-host.ts';
import { checkRights, checkSameVolume } from './rights.ts';
import { checkSpace } from './space.ts';
import { checkVolume } from './volume.ts';

/** Everything that is tried before anybody is disturbed, cheapest first. */
export const PREFLIGHT_CHECKS = [
  { name: 'release', run: checkRelease },
  { name: 'server', run: checkServer },
  { name: 'backup', run: checkBackup },
  { name: 'folder', run: checkFolder },
  { name: 'bundle', run: checkBundle },
  { name: 'volume', run: checkVolume },
  { name: 'previous', run: checkPrevious },
  { name: 'rights', run: checkRights },
  { name: 'same-volume', run: checkSameVolume },
  { name: 'space', run: checkSpace },
  { name: 'antivirus', run: checkExecutableProbe },
  { name: 'repository', run: checkRepositoryHost },
] as const satisfies readonly { readonly name: string; readonly run: PreflightRun }[];

/** Tries everything in order and tells all results, not the first fault alone. Leaves nothing behind. */
export async function runPreflight(
  dependencies: PreflightDependencies,
  subject: PreflightSubject,
): Promise<PreflightReport> {
  const lines: PreflightLine[] = [];
  for (const { name, run } of PREFLIGHT_CHECKS) {
    const found = await run(dependencies, subject);
    if (found.ok) {
      lines.push({ check: name, ok: true, detail: found.value });
      continue;
    }
    const fault = { account: dependencies.machine.account, ...found.fault };
    lines.push({ check: name, ok: false, detail: fault.detail, fault });
  }
  const fault = lines.find(({ ok }) => !ok)?.fault;
  return { lines, ...(fault && { fault }) };
}
