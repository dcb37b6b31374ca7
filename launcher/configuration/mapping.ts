import type { CarryOverRule } from '../../installer/carry-over/carry-over.ts';
import type { Machine } from '../../platform/machine.ts';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import { LAUNCHER_VERSION } from '../version.ts';
import type { Configuration } from './configuration.ts';
import { liesIn, pathsOf } from './places.ts';

/** How the supervisor is to run the server. `launcherUrl` is asked at each start, when the port is known. */
export function serverOptionsOf(configuration: Configuration, launcherUrl: () => string): ServerOptions {
  const { server } = configuration;
  const { rounds } = server.health;
  const usersPort = server.sessions.port ?? server.port;
  return {
    bundle: configuration.bundle,
    command: server.command,
    args: server.args,
    workingDirectory: server.workingDirectory,
    environment: server.environment,
    stateFolder: configuration.stateFolder,
    logFolder: configuration.logs.folder,
    logs: configuration.logs.limits,
    launcherVersion: LAUNCHER_VERSION,
    launcherUrl,
    ...(server.handover && { handover: server.handover }),
    start: server.start,
    probes: server.health.probes,
    probeEveryMs: server.health.everyMs,
    health: { ...rounds, liveness: { ...rounds.liveness, ...(usersPort !== undefined && { usersPort }) } },
    stop: server.stop,
    restart: server.restart,
    crashLoop: server.crashLoop,
    causes: { ...server.causes, dataPaths: configuration.data.paths },
  };
}

/** Which files move from the installed bundle into the new one; the preset of the product on this machine, and the file's own. */
export function carryOverRulesOf(configuration: Configuration): readonly CarryOverRule[] {
  return configuration.carryOver;
}

/** A program run on a staged bundle, as if it were live: every place in the live bundle becomes the same place in the staged one. */
export interface SmokeRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** The trial run of a staged bundle. Placeholders that only a real start can fill stay out of it. */
export function smokeRunOf(configuration: Configuration, stagedBundle: string, machine: Machine): SmokeRun {
  const { server, bundle } = configuration;
  const paths = pathsOf(machine);
  const moved = (path: string) =>
    liesIn(machine, path, bundle) ? paths.join(stagedBundle, paths.relative(bundle, path)) : path;
  const fill = (value: string) => value.replaceAll('{bundle}', stagedBundle);
  const environment = Object.entries(server.environment)
    .filter(([, value]) => !/\{(launcherUrl|tokenFile)\}/.test(value))
    .map(([key, value]) => [key, fill(value)] as const);
  return {
    command: moved(server.command),
    args: server.smoke.args.map(fill),
    workingDirectory: moved(server.workingDirectory),
    environment: Object.fromEntries(environment),
    timeoutMs: server.smoke.timeoutMs,
  };
}
