import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { InstalledRecord } from '../../../installer/update/installed.ts';
import type { Outcome } from '../../../installer/update/order.ts';
import { until } from '../../kit/until.ts';
import { differencesFrom } from './bundle-truth.ts';
import type { OmSite } from './om-site.ts';
import { journalsOf, serverStatus } from './scene.ts';
import { processesOf } from './site-processes.ts';

/** What a machine must look like once an order has settled; everything that is not said here must not be there. */
export interface ExpectedSite {
  /** Live, running, and what the record says. */
  readonly version: string;
  /** Kept as `X_old`; absent = there is none. */
  readonly kept?: string;
  /** Of every order so far, oldest first. */
  readonly outcomes: readonly (Outcome | 'open')[];
  readonly dataFormat?: string;
  /** The data's records; not looked at when absent. */
  readonly records?: unknown;
  /** `recipient: beginning of the subject`, in the order of arrival; not looked at when absent. */
  readonly mails?: readonly string[];
  /** How many there are; not looked at when absent. */
  readonly mailCount?: number;
  /** What the server says of itself, when it is not the truth. */
  readonly says?: string;
  /** Restores so far whose replaced data is still kept beside the data. */
  readonly restores?: number;
  /** Processes that the live server started and still has. Default 0. */
  readonly others?: number;
}

const SETTLE_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 200;

/** Looks at the whole machine from outside and compares all of it at once, so that one failure shows every difference. */
export async function checkSite(site: OmSite, expected: ExpectedSite): Promise<void> {
  const wanted = truthOf(site, expected);
  let found: unknown;
  // The supervisor's view and the mail follow an order's end by a moment; what stays different is a defect.
  await until(
    async () => {
      found = await lookAt(site, expected);
      if (isDeepStrictEqual(found, wanted)) return true;
      await sleep(LOOK_EVERY_MS);
      return false;
    },
    'the machine to be as it must be',
    SETTLE_LIMIT_MS,
  ).catch(() => undefined);
  expect(found).toEqual(wanted);
}

function truthOf(site: OmSite, expected: ExpectedSite): unknown {
  const { version, kept } = expected;
  return {
    live: [],
    kept: kept === undefined ? 'none' : [],
    beside: [basename(site.bundle), ...(kept === undefined ? [] : [`${basename(site.bundle)}_old`])],
    staging: [],
    swapPlan: false,
    strangeState: [],
    servers: 1,
    others: expected.others ?? 0,
    says: expected.says ?? version,
    answersItself: true,
    record: { live: version, kept: kept === undefined ? [] : [kept], identity: true },
    unusedBackups: 0,
    dataFormat: expected.dataFormat ?? '1',
    records: expected.records ?? 'any',
    violations: false,
    besideData: [],
    restores: expected.restores ?? 0,
    outcomes: expected.outcomes,
    mails: expected.mails ?? 'any',
    mailCount: expected.mailCount ?? 'any',
  };
}

async function lookAt(site: OmSite, expected: ExpectedSite): Promise<unknown> {
  const old = `${site.bundle}_old`;
  const { servers, others } = processesOf(site);
  const status = await serverStatus(site);
  const data = readJson(site.dataFile) as { readonly format: string; readonly records: unknown } | undefined;
  const dataFolder = dirname(site.dataFile);
  const record = readJson(join(site.stateFolder, 'installed.json')) as InstalledRecord | undefined;
  return {
    live: differencesFrom(site, site.bundle, expected.version),
    kept:
      expected.kept === undefined ? (existsSync(old) ? 'there' : 'none') : differencesFrom(site, old, expected.kept),
    beside: namesIn(site.officeMaker).filter((name) => !name.startsWith('.om-launcher-')),
    staging: namesIn(join(site.officeMaker, '.om-launcher-demo')),
    swapPlan: existsSync(join(site.stateFolder, 'swap-plan.json')),
    strangeState: namesIn(site.stateFolder).filter((name) => !KNOWN_STATE.has(name)),
    servers: servers.length,
    others: others.length,
    says: status?.['version'],
    answersItself: status?.['processId'] === servers[0],
    record: recordTruth(site, record),
    unusedBackups: unusedBackups(site, record).length,
    dataFormat: data?.format,
    records: expected.records === undefined ? 'any' : data?.records,
    violations: existsSync(`${site.dataFile}.violations`),
    besideData: namesIn(dataFolder).filter((name) => !KNOWN_DATA.test(name)),
    restores: knownRestores(site, namesIn(dataFolder)).length,
    outcomes: journalsOf(site).map((journal) => {
      const settled = journal.find((entry) => entry.kind === 'settled');
      return settled?.outcome ?? 'open';
    }),
    mails: expected.mails === undefined ? 'any' : mailsAs(site, expected.mails),
    mailCount: expected.mailCount === undefined ? 'any' : site.mailbox.mails.length,
  };
}

/** Everything that the launcher may have in its state folder. */
const KNOWN_STATE = new Set([
  'installed.json',
  'local',
  'lock-token',
  'logs',
  'manifests',
  'orders',
  'outbox',
  'schedule.json',
  'trusted',
  'data-backups',
  'server-alarm.json',
  'server-child.json',
  'server-child.token',
  'tokens.json',
]);

function recordTruth(site: OmSite, record: InstalledRecord | undefined): unknown {
  const identities = namesIn(site.officeMaker);
  return {
    live: record?.live?.version,
    kept: record?.kept.map(({ version }) => version),
    identity: identities.length > 0 && record?.live?.identity !== undefined,
  };
}

const KNOWN_DATA = /^Muster\.4DD(\.lock|\.violations|\.before-restore-.+)?$/;

/** Replaced data whose restore is on record: only then will it ever be removed. */
function knownRestores(site: OmSite, names: readonly string[]): readonly string[] {
  const backups = join(site.stateFolder, 'data-backups');
  const records = namesIn(backups).flatMap((backup) =>
    backup.endsWith('.json') ? [] : namesIn(join(backups, backup)),
  );
  return names.flatMap((name) => {
    const id = /\.before-restore-(.+)$/.exec(name)?.[1];
    if (id === undefined) return [];
    return records.includes(`restore-${id}.json`) ? [id] : [`${id} is not on record`];
  });
}

/** Copies of the data that no kept release refers to: they would fill the disk, unseen. */
function unusedBackups(site: OmSite, record: InstalledRecord | undefined): readonly string[] {
  const used = new Set(record?.kept.flatMap(({ backupId }) => backupId ?? []));
  const folder = join(site.stateFolder, 'data-backups');
  return namesIn(folder).filter(
    (name) =>
      !name.endsWith('.json') &&
      !used.has(name) &&
      !namesIn(join(folder, name)).some((file) => file.startsWith('restore-')),
  );
}

/** Each mail shortened to as much as the expectation says, so that a difference shows the whole. */
function mailsAs(site: OmSite, expected: readonly string[]): readonly string[] {
  return site.mailbox.mails.map(({ to, subject }, index) => {
    const whole = `${to}: ${subject}`;
    const wanted = expected[index];
    return wanted !== undefined && whole.startsWith(wanted) ? wanted : whole;
  });
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
