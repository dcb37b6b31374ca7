import { dirname } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Platform } from '../../platform/platform.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { estimateDataBackup } from '../../installer/data/estimate.ts';
import type {
  PreflightReport,
  PreflightSubject as PreflightPlaces,
  RepositoryHost,
  SpaceDemand,
} from '../../installer/preflight/check.ts';
import { runPreflight } from '../../installer/preflight/run-preflight.ts';
import { smokeTest } from '../../installer/preflight/smoke-test.ts';
import { checkStagedBundle } from '../../installer/preflight/staged-bundle.ts';
import type { PreflightSubject, UpdateChecks, UpdatePlaces } from '../../installer/update/tools.ts';
import { inheritedEnvironment } from '../../supervisor/child-environment.ts';
import type { ServerControl } from '../../supervisor/server-control.ts';
import type { Sessions } from '../../supervisor/sessions/sessions.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { smokeRunOf } from '../configuration/mapping.ts';
import { LAUNCHER_VERSION } from '../version.ts';
import type { ReleaseSources } from './release-sources.ts';

export interface CheckParts {
  readonly platform: Platform;
  readonly configuration: Configuration;
  readonly places: UpdatePlaces;
  readonly server: ServerControl;
  readonly sessions: Sessions;
  readonly sources: ReleaseSources;
}

/** The update's checks on this machine; `report` is the same preflight with every line, for dry runs. */
export interface MachineChecks extends UpdateChecks {
  report(subject: PreflightSubject): Promise<PreflightReport>;
}

export function createUpdateChecks(parts: CheckParts): MachineChecks {
  const report = async (subject: PreflightSubject): Promise<PreflightReport> =>
    runPreflight(parts.platform, await describe(parts, subject));
  return {
    report,
    async preflight(subject, signal) {
      if (subject.order.kind === 'update') {
        // A rollback must be possible from every state, at once.
        await waitForStart(parts, signal);
      }
      const { fault } = await report(subject);
      return fault === undefined ? succeed() : fail(fault);
    },
    smoke: async (bundle, version) => smoke(parts, bundle, version),
    staged: async (installed, staged) => checkStagedBundle(parts.platform.files, { installed, staged }),
  };
}

/** A server that is just starting is no reason to refuse; one that takes long is. */
const START_PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 200;

async function waitForStart({ platform, server }: CheckParts, signal: AbortSignal): Promise<void> {
  const giveUpAt = platform.clock.monotonic() + START_PATIENCE_MS;
  while (server.state().kind === 'starting' && platform.clock.monotonic() < giveUpAt && !signal.aborted) {
    await platform.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

async function describe(parts: CheckParts, subject: PreflightSubject): Promise<PreflightPlaces> {
  const { configuration, places, server, sessions } = parts;
  const repository = await repositoryHost(parts, subject);
  return {
    folder: configuration.folder,
    bundle: places.bundle,
    old: places.oldBundle,
    staging: places.stagingFolder,
    space: await spaceDemands(parts, subject),
    backupRunning: sessions.backupRunning(),
    versionNamed: subject.order.version !== undefined,
    launcherVersion: LAUNCHER_VERSION,
    ...(subject.order.kind === 'rollback' ? {} : { server: server.state() }),
    ...(repository === undefined ? {} : { repository }),
    ...(subject.release === undefined ? {} : { release: subject.release }),
    ...(subject.from === undefined ? {} : { installedVersion: subject.from }),
  };
}

async function repositoryHost({ sources }: CheckParts, subject: PreflightSubject): Promise<RepositoryHost | undefined> {
  const host = subject.source?.host;
  const client = host === undefined ? undefined : await sources.clientOptions();
  return host === undefined || client?.ok !== true ? undefined : { ...host, client: client.value };
}

async function spaceDemands(
  { platform, configuration, places }: CheckParts,
  { release }: PreflightSubject,
): Promise<readonly SpaceDemand[]> {
  if (release === undefined) {
    return [];
  }
  const { data } = configuration;
  const backup = data.paths.length === 0 ? undefined : await estimateDataBackup(platform.files, data.paths);
  return [
    { purpose: 'the download', path: places.stagingFolder, bytes: release.pack.length },
    { purpose: 'the unpacked release', path: places.stagingFolder, bytes: release.unpackedBytes, files: release.files },
    ...(backup?.ok === true
      ? [{ purpose: 'the backup of the data', path: data.backup.folder, bytes: backup.value }]
      : []),
  ];
}

/** Without an expected version the output alone is wanted: it says what is installed. */
async function smoke(
  { platform, configuration }: CheckParts,
  bundle: string,
  version: string | undefined,
): Promise<Result<string>> {
  const described = smokeRunOf(configuration, bundle, platform.machine);
  const environment = { ...inheritedEnvironment(platform.machine.environment), ...described.environment };
  const run = { ...described, environment };
  if (version !== undefined) {
    return smokeTest(platform.processes, { ...run, expectedVersion: version });
  }
  const asked = await platform.processes.run(run);
  if (!asked.ok) {
    return asked;
  }
  const { exit, output, errorOutput } = asked.value;
  return exit.kind === 'exited' && exit.code === 0
    ? succeed(`${output}${errorOutput}`)
    : fail(faultOf('smoke-failed', 'the installed server does not tell its version', { path: dirname(run.command) }));
}
