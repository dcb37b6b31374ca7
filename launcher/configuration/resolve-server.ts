import type { Probe } from '../../supervisor/server-options.ts';
import type { ServerConfiguration } from './configuration.ts';
import { DEFAULTS } from './defaults.ts';
import { pathsOf } from './places.ts';
import { PRESET_ARGS, presetCommand, PRODUCTS } from './presets.ts';
import type { Places } from './resolve-parts.ts';
import type { ConfigurationFile } from './schema.ts';

type Server = NonNullable<ConfigurationFile['server']>;

/** Places that the server's values may name. */
interface ServerPlaces extends Places {
  readonly folder: string;
  readonly bundle: string;
}

/** `server`, with the product's preset, defaults and absolute paths; seconds become milliseconds. */
export function resolveServer(content: ConfigurationFile, places: ServerPlaces): ServerConfiguration {
  const server = content.server ?? {};
  const { product } = content;
  const port = server.port ?? (product === undefined ? undefined : PRODUCTS[product].basePort);
  const inFolder = (value: string) => value.replaceAll('{folder}', places.folder);
  const ofProduct = product === undefined ? '' : `{bundle}/${presetCommand(product, places.machine.operatingSystem)}`;
  return {
    command: resolveCommand(server.command ?? ofProduct, places),
    args: (server.args ?? (product === undefined ? [] : PRESET_ARGS)).map(inFolder),
    environment: Object.fromEntries(Object.entries(server.env ?? {}).map(([key, value]) => [key, inFolder(value)])),
    workingDirectory: placeIn(server.workingDirectory ?? '{bundle}', places),
    ...(port === undefined ? {} : { port }),
    ...(port === undefined || server.handover !== 'fd'
      ? {}
      : { handover: { host: server.handoverHost ?? DEFAULTS.handover.host, port } }),
    start: resolveStart(server.start ?? {}),
    stop: resolveStop(server.stop ?? {}, inFolder),
    health: resolveHealth(server.health ?? {}, port, places),
    restart: resolveRestart(server.restart ?? {}),
    crashLoop: {
      crashes: server.restart?.alarmCrashes ?? DEFAULTS.alarm.crashes,
      windowMs: milliseconds(server.restart?.alarmSeconds ?? DEFAULTS.alarm.windowSeconds),
    },
    causes: {
      licencePatterns: server.restart?.licencePatterns ?? DEFAULTS.causes.licencePatterns,
      minimumFreeBytes: (server.restart?.minimumFreeMiB ?? DEFAULTS.causes.minimumFreeMiB) * 1024 * 1024,
    },
    sessions: resolveSessions(server.sessions ?? {}, port, inFolder),
    smoke: {
      args: (server.smoke?.args ?? DEFAULTS.smoke.args).map(inFolder),
      timeoutMs: milliseconds(server.smoke?.timeoutSeconds ?? DEFAULTS.smoke.timeoutSeconds),
    },
  };
}

/** A bare name means the bundle's own program until `locate-command.ts` has looked. */
function resolveCommand(command: string, places: ServerPlaces): string {
  return placeIn(isBareName(command) ? `{bundle}/${command}` : command, places);
}

/** A program's name without any folder: searched in the bundle, then in PATH. */
export function isBareName(command: string): boolean {
  return !/[\\/{]/.test(command);
}

function placeIn(value: string, places: ServerPlaces): string {
  const named = value.replaceAll('{folder}', places.folder).replaceAll('{bundle}', places.bundle);
  return pathsOf(places.machine).normalize(places.absolute(named));
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}

function resolveStart(start: NonNullable<Server['start']>): ServerConfiguration['start'] {
  const limitMs = milliseconds(start.limitSeconds ?? DEFAULTS.start.limitSeconds);
  return {
    limitMs,
    extendMs: milliseconds(start.extendSeconds ?? DEFAULTS.start.extendSeconds),
    hardLimitMs: milliseconds(start.hardLimitSeconds ?? Math.max(DEFAULTS.start.hardLimitSeconds, limitMs / 1000)),
  };
}

function resolveStop(
  stop: NonNullable<Server['stop']>,
  inFolder: (value: string) => string,
): ServerConfiguration['stop'] {
  const request = stop.request ?? DEFAULTS.stop.request;
  return {
    orderMs: milliseconds(stop.orderSeconds ?? DEFAULTS.stop.orderSeconds),
    request:
      typeof request === 'string'
        ? { kind: 'signal', signal: request }
        : { kind: 'command', command: request.map(inFolder) },
    requestMs: milliseconds(stop.requestSeconds ?? DEFAULTS.stop.requestSeconds),
    kill: stop.kill ?? DEFAULTS.stop.kill,
    proveMs: milliseconds(stop.proveSeconds ?? DEFAULTS.stop.proveSeconds),
  };
}

function resolveHealth(
  health: NonNullable<Server['health']>,
  port: number | undefined,
  places: ServerPlaces,
): ServerConfiguration['health'] {
  const usual = port === undefined ? [] : [{ type: 'tcp' as const, port }];
  const { startup, readiness, liveness } = DEFAULTS.rounds;
  return {
    probes: (health.probes ?? usual).map((probe) => resolveProbe(probe, places)),
    everyMs: milliseconds(health.everySeconds ?? DEFAULTS.health.everySeconds),
    watchMs: milliseconds(health.watchSeconds ?? DEFAULTS.health.watchSeconds),
    passes: health.passes ?? DEFAULTS.health.passes,
    rounds: {
      startup: { ...startup, ...withOwnProbes(health.startup ?? {}, places) },
      readiness: { ...readiness, ...withOwnProbes(health.readiness ?? {}, places) },
      liveness: { ...liveness, ...withOwnProbes(health.liveness ?? {}, places) },
    },
  };
}

function withOwnProbes<Section extends { readonly probes?: readonly ProbeInFile[] }>(
  { probes, ...rest }: Section,
  places: ServerPlaces,
): Omit<Section, 'probes'> & { readonly probes?: readonly Probe[] } {
  return { ...rest, ...(probes && { probes: probes.map((probe) => resolveProbe(probe, places)) }) };
}

type ProbeInFile = NonNullable<NonNullable<Server['health']>['probes']>[number];

function resolveProbe(probe: ProbeInFile, places: ServerPlaces): Probe {
  const name = probe.name === undefined ? {} : { name: probe.name };
  if (probe.type === 'cooperative') return { kind: 'cooperative', ...name };
  const timeoutMs = milliseconds(probe.timeoutSeconds ?? DEFAULTS.health.timeoutSeconds);
  switch (probe.type) {
    case 'tcp':
      return { kind: 'tcp', ...name, host: probe.host ?? DEFAULTS.health.host, port: probe.port, timeoutMs };
    case 'http':
      return {
        kind: 'http',
        ...name,
        url: probe.url,
        ...(probe.ca === undefined ? {} : { ca: places.absolute(probe.ca) }),
        statuses: probe.statuses ?? DEFAULTS.health.statuses,
        ...(probe.bodyPattern === undefined ? {} : { bodyPattern: probe.bodyPattern }),
        timeoutMs,
      };
    case 'command': {
      const command = probe.command.map((word) =>
        word.replaceAll('{folder}', places.folder).replaceAll('{bundle}', places.bundle),
      );
      return { kind: 'command', ...name, command, timeoutMs };
    }
  }
}

function resolveRestart(restart: NonNullable<Server['restart']>): ServerConfiguration['restart'] {
  return {
    stableMs: milliseconds(restart.stableSeconds ?? DEFAULTS.restart.stableSeconds),
    firstDelayMs: milliseconds(restart.firstDelaySeconds ?? DEFAULTS.restart.firstDelaySeconds),
    maximumDelayMs: milliseconds(restart.maximumDelaySeconds ?? DEFAULTS.restart.maximumDelaySeconds),
    jitter: restart.jitter ?? DEFAULTS.restart.jitter,
  };
}

function resolveSessions(
  sessions: NonNullable<Server['sessions']>,
  serverPort: number | undefined,
  inFolder: (value: string) => string,
): ServerConfiguration['sessions'] {
  const { port = serverPort, warnCommand, closeCommand } = sessions;
  return {
    ...(port === undefined ? {} : { port }),
    ...(warnCommand === undefined ? {} : { warnCommand: warnCommand.map(inFolder) }),
    ...(closeCommand === undefined ? {} : { closeCommand: closeCommand.map(inFolder) }),
  };
}
