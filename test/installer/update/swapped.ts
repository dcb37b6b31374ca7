import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { ServerState } from '../../../supervisor/server-state.ts';
import { identityAt, makeRenames } from '../../../installer/update/renames.ts';
import { writeSwapPlan } from '../../../installer/update/swap-plan.ts';

const { files } = openPlatform();
export const RUNNING: ServerState = { kind: 'up', since: 0, process: { pid: 7, startTime: '1', bootId: 'b' } };
export const STOPPED: ServerState = { kind: 'held', since: 0, reason: faultOf('update-running', 'held') };

/** After the swap: `two` is live, `one` beside it, and the plan says how that came. */
export async function swapped(
  root: string,
  orderId: string,
): Promise<{ readonly bundle: string; readonly oldBundle: string }> {
  const [bundle, oldBundle, staged] = [join(root, 'X'), join(root, 'X_old'), join(root, 'staged')];
  for (const [path, name] of [[bundle, 'one'] as const, [staged, 'two'] as const]) {
    mkdirSync(path);
    writeFileSync(join(path, 'name'), name);
  }
  const identity = async (path: string): Promise<string> => {
    const found = await identityAt(files, path);
    return found.ok ? (found.value ?? '') : '';
  };
  const renames = [
    { identity: await identity(bundle), from: bundle, to: oldBundle },
    { identity: await identity(staged), from: staged, to: bundle },
  ];
  await writeSwapPlan(files, root, { schema: 1, orderId, next: renames[1]?.identity ?? '', renames });
  await makeRenames(files, renames);
  return { bundle, oldBundle };
}
