import { dirname, join } from 'node:path';
import type { Log } from '../../platform/log.ts';
import type { Platform } from '../../platform/platform.ts';
import { createCarryOver } from '../../installer/carry-over/create-carry-over.ts';
import { createDataSafety } from '../../installer/data/data-safety.ts';
import type { Eligibility } from '../../installer/schedule/eligibility.ts';
import { marksOf } from '../../installer/schedule/marks.ts';
import type { ScheduleRecords } from '../../installer/schedule/record.ts';
import { createStagingProcess } from '../../installer/staging/staging-process.ts';
import { createStaging } from '../../installer/staging/staging.ts';
import { openInstalledRecords } from '../../installer/update/installed.ts';
import type { Messenger, Staging, UpdatePlaces, UpdatePolicy, UpdateTools } from '../../installer/update/tools.ts';
import type { ServerControl } from '../../supervisor/server-control.ts';
import type { Sessions } from '../../supervisor/sessions/sessions.ts';
import type { Configuration, StagingMode } from '../configuration/configuration.ts';
import { carryOverRulesOf } from '../configuration/mapping.ts';
import { LAUNCHER_VERSION } from '../version.ts';
import type { ReleaseSources } from './release-sources.ts';
import type { MachineChecks } from './update-checks.ts';

const DAY_MS = 86_400_000;
/** Far enough away to mean "until the next update", and still a date. */
const NEVER_MS = 100 * 365 * DAY_MS;
/** Seconds before the end of the delay at which users are reminded. */
const REMINDERS = [60, 30, 10];
const BACKUP_PATIENCE_MS = 4 * 3_600_000;
/** More than two crashes in the watch mean that the release is bad. */
const FORGIVEN_CRASHES = 2;

/** Where everything of one server lies. Staging is beside the bundle, so that a rename never crosses a volume. */
export function placesOf({ bundle, stateFolder, name }: Configuration): UpdatePlaces {
  return {
    bundle,
    oldBundle: oldBundleOf(bundle),
    stateFolder,
    stagingFolder: join(dirname(bundle), `.om-launcher-${name}`),
    manifestFolder: join(stateFolder, 'manifests'),
  };
}

/** `OM Business` → `OM Business_old`, `OM Business.app` → `OM Business_old.app`: a package keeps being a package. */
export function oldBundleOf(bundle: string): string {
  return bundle.endsWith('.app') ? `${bundle.slice(0, -'.app'.length)}_old.app` : `${bundle}_old`;
}

export interface UpdateToolParts {
  readonly platform: Platform;
  readonly configuration: Configuration;
  readonly log: Log;
  readonly server: ServerControl;
  readonly sessions: Sessions;
  readonly sources: ReleaseSources;
  readonly checks: MachineChecks;
  readonly messenger: Messenger;
  readonly records: ScheduleRecords;
}

export function createUpdateTools(parts: UpdateToolParts): UpdateTools {
  const { platform, configuration, log, server, sessions, sources, checks, messenger } = parts;
  const { data, stateFolder } = configuration;
  return {
    clock: platform.clock,
    files: platform.files,
    log,
    places: placesOf(configuration),
    policy: policyOf(configuration),
    server,
    sessions,
    installed: openInstalledRecords({ ...platform, log }, stateFolder),
    openSource: async (order) => sources.open(order),
    eligibility: async () => eligibilityOf(parts, platform.clock.now()),
    checks,
    staging: stagingOf(platform, configuration.updates.staging),
    carryOver: createCarryOver(platform),
    carryOverRules: carryOverRulesOf(configuration),
    data: createDataSafety({ ...platform, log }, { paths: data.paths, ...data.backup }),
    messenger,
  };
}

async function eligibilityOf(
  { configuration: { updates }, records }: UpdateToolParts,
  now: number,
): Promise<Omit<Eligibility, 'bad'>> {
  const { pin, delayDays } = updates;
  const launcher = LAUNCHER_VERSION;
  return {
    now,
    pin,
    launcher,
    delayDays,
    machineId: await records.machineId(),
    marks: marksOf(await records.tries(), now),
  };
}

function stagingOf(platform: Platform, mode: StagingMode): Staging {
  const here = createStaging(platform);
  return mode === 'in-process' ? here : createStagingProcess(platform, here, mode);
}

function policyOf({ server, updates, data, product, name }: Configuration): UpdatePolicy {
  const { keepOld } = updates;
  return {
    product: product ?? name,
    watchMs: server.health.watchMs,
    sampleEveryMs: server.health.everyMs,
    passes: server.health.passes,
    forgivenCrashes: FORGIVEN_CRASHES,
    keepOldMs: keepOld.kind === 'days' ? keepOld.days * DAY_MS : NEVER_MS,
    startLimitMs: server.start.limitMs,
    restoreDataOnFallback: data.restore === 'on-format-change',
    reminders: REMINDERS,
    backupPatienceMs: BACKUP_PATIENCE_MS,
    ...(data.format === undefined ? {} : { dataFormat: data.format }),
  };
}
