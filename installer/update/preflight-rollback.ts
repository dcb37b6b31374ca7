import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { folderIdentity, type StepFacts } from './facts.ts';
import type { StepContext } from './step.ts';

/**
 * Whether the kept release can be gone back to, before anybody is disturbed. Errors: `nothing-to-do`, `data-format-changed`,
 * and those of the checks.
 */
export async function preflightRollback(context: StepContext): Promise<Result<StepFacts['preflight']>> {
  const { tools, order } = context;
  const record = await tools.installed.read();
  if (!record.ok) {
    return record;
  }
  const installed = record.value;
  const kept = installed.kept.find(({ version }) => order.version === undefined || version === order.version);
  const facts = kept === undefined ? undefined : await tools.files.facts(kept.path);
  const present = facts?.ok === true && facts.value !== undefined && folderIdentity(facts.value) === kept?.identity;
  if (kept === undefined || !present) {
    return fail(
      faultOf('nothing-to-do', 'no earlier release is kept on this machine', { path: tools.places.oldBundle }),
    );
  }
  const dataFormatChanges = kept.dataFormat !== installed.live?.dataFormat;
  if (dataFormatChanges && !(await mayRestore(context, kept.backupId))) {
    const detail = `version ${kept.version} cannot read data in the format ${installed.live?.dataFormat ?? 'of the live version'}`;
    return fail(faultOf('data-format-changed', detail, { values: { version: kept.version } }));
  }
  const from = installed.live?.version;
  const checked = await tools.checks.preflight({ order, ...(from === undefined ? {} : { from }) }, context.signal);
  if (!checked.ok) {
    return checked;
  }
  return succeed({
    to: kept.version,
    dataFormatChanges,
    nextBundle: kept.path,
    ...(from === undefined ? {} : { from }),
    ...(dataFormatChanges && kept.backupId !== undefined ? { backupToRestore: kept.backupId } : {}),
  });
}

/** Going back over a data format loses what was entered since: only on a person's explicit word, and with a backup. */
async function mayRestore({ order, tools }: StepContext, backupId: string | undefined): Promise<boolean> {
  if (order.restoreData !== true || backupId === undefined) {
    return false;
  }
  const there = await tools.data.exists(backupId);
  return there.ok && there.value;
}
