import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OrderAnswer } from '../../launcher/api/messages.ts';
import type { ApiClient } from '../../launcher/api/client.ts';
import type { InstalledRecord } from '../../installer/update/installed.ts';
import type { Outcome } from '../../installer/update/order.ts';
import type { Result } from '../../platform/result.ts';
import type { ExpectedSite } from '../e2e/kit/check-site.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { launchAndOrder, launchUntilUp } from './play.ts';

export const [OLD, NEW, BROKEN] = ['2026.1.0', '2026.2.0', '2026.9.0'];

type Machine = Omit<ExpectedSite, 'outcomes'>;

/** One course of events whose every call is struck in turn. */
export interface Scenario {
  readonly name: string;
  /** Makes the machine as it is before the traced launcher starts; nothing runs any more afterwards. */
  prepare(site: OmSite): Promise<void>;
  /** A launcher that ran before and was killed: its server runs when the traced one starts. */
  readonly adopts?: boolean;
  /** Given once the server is up. */
  readonly order?: (api: ApiClient) => Promise<Result<OrderAnswer>>;
  /** Outcomes of the orders that `prepare` gave. */
  readonly earlier: readonly Outcome[];
  readonly before: Machine;
  /** How the order ends when nothing is in its way. */
  readonly ends?: Outcome;
  /** What the machine is once the order has ended so, or the launcher has rested where there is no order. */
  readonly after: Machine;
}

export const ORDER_ID = 'fault-0001';
const UPDATED: Machine = { version: NEW, kept: OLD, dataFormat: '2' };
const ORIGINAL: Machine = { version: OLD };

/** The new release has another data format, so that the data's backup and restore are struck, too. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'update',
    async prepare(site) {
      await site.release(NEW, { dataFormat: '2' });
      await launchUntilUp(site);
    },
    order: async (api) => api.orderUpdate({ id: ORDER_ID, version: NEW }),
    earlier: [],
    before: ORIGINAL,
    ends: 'updated',
    after: UPDATED,
  },
  {
    name: 'fallback',
    async prepare(site) {
      await site.release(BROKEN, { dataFormat: '2', behaviour: { diesAfterReadyMs: 10 } });
      await launchUntilUp(site);
    },
    order: async (api) => api.orderUpdate({ id: ORDER_ID, version: BROKEN }),
    earlier: [],
    before: ORIGINAL,
    ends: 'fell-back',
    after: ORIGINAL,
  },
  {
    name: 'rollback',
    prepare: async (site) => prepareUpdated(site),
    order: async (api) => api.orderRollback({ id: ORDER_ID, data: true }),
    earlier: ['updated'],
    before: UPDATED,
    ends: 'rolled-back',
    after: { version: OLD, restores: 1 },
  },
  {
    name: 'retention',
    async prepare(site) {
      await prepareUpdated(site);
      expireKept(site);
    },
    earlier: ['updated'],
    before: UPDATED,
    after: { version: NEW, dataFormat: '2' },
  },
  {
    name: 'adoption',
    prepare: async (site) => launchUntilUp(site),
    adopts: true,
    earlier: [],
    before: ORIGINAL,
    after: ORIGINAL,
  },
];

async function prepareUpdated(site: OmSite): Promise<void> {
  await site.release(NEW, { dataFormat: '2' });
  await launchAndOrder(site, async (api) => api.orderUpdate({ id: 'earlier-0001', version: NEW }));
  pinJournal(site);
}

/** That launcher's names are not pinned, and the next one forces the newest journal to disk: each ground must have the same. */
function pinJournal(site: OmSite): void {
  const folder = join(site.stateFolder, 'orders');
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.journal'))) {
    renameSync(join(folder, name), join(folder, `20260101T000000000Z-${name.slice(name.indexOf('-') + 1)}`));
  }
}

/** As if the days for which a replaced release is kept were over. */
function expireKept(site: OmSite): void {
  const file = join(site.stateFolder, 'installed.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as InstalledRecord;
  writeFileSync(file, JSON.stringify({ ...record, kept: record.kept.map((kept) => ({ ...kept, keptUntil: 1 })) }));
}
