import { type Fault, faultOf } from '../../platform/fault.ts';
import { readPatiently } from '../../platform/record-file.ts';
import { ensureLiveBundle, mayRun } from './live-bundle.ts';
import { findOpenOrder, type OpenOrder } from './order-history.ts';
import { setDamagedPlanAside } from './swap-plan.ts';
import type { UpdateTools } from './tools.ts';

/** What an earlier launcher left: an open order, nothing, or a journal that cannot be read now, after some seconds of trying. */
export async function findEarlierOrder(
  tools: UpdateTools,
  journalFolder: string,
  signal: AbortSignal,
): Promise<OpenOrder> {
  const { clock, files, log } = tools;
  const look = async (): Promise<OpenOrder> =>
    findOpenOrder(files, journalFolder, clock.now(), log, await finalOrder(tools));
  const open = await readPatiently(look, clock, signal);
  if (open.kind === 'unread') {
    const { code, path } = open.fault;
    log.error('the last order cannot be read; updates are refused until the next start', { code, path });
  }
  return open;
}

/** The order that put the live release in place, by the record. */
async function finalOrder({ installed }: UpdateTools): Promise<string | undefined> {
  const record = await installed.read();
  return record.ok ? record.value.live?.orderId : undefined;
}

/** Why no order is taken until the next start; undefined when nothing is in the way. */
export function blockedBy(open: OpenOrder): Fault | undefined {
  switch (open.kind) {
    case 'newer':
      return faultOf('newer-schema', 'an order was left by a newer om-launcher', { path: open.path });
    case 'unread':
      return open.fault;
    case 'none':
    case 'open':
      return undefined;
  }
}

/** Sees to a whole bundle where no order does. Never below a server that runs: it was adopted with the bundle that it was started from. */
export async function mendBundle(tools: UpdateTools, open: OpenOrder): Promise<void> {
  const isWhole = open.kind !== 'open' && (mayRun(tools.server.state()) || (await findWholeBundle(tools, open)));
  // Only while no order can come back that needs it.
  if (isWhole && open.kind === 'none') {
    await setDamagedPlanAside(tools.files, tools.places.stateFolder, tools.log);
  }
}

async function findWholeBundle(tools: UpdateTools, open: OpenOrder): Promise<boolean> {
  const installed = await tools.installed.read();
  const complete = open.kind === 'unread' || !installed.ok ? 'keep' : 'take back';
  const whole = await ensureLiveBundle(tools.files, tools.places, installed, tools.log, complete);
  if (!whole.ok) {
    tools.log.error('no whole bundle was found', { code: whole.fault.code, path: whole.fault.path });
  }
  return whole.ok;
}
