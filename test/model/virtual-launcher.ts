import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { silentLog } from '../../platform/log.ts';
import type { Platform } from '../../platform/platform.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { removeUnfinishedWrites } from '../../platform/unfinished-writes.ts';
import { createChildLink } from '../../supervisor/child/server-link.ts';
import { createServerControl, type SupervisedServer } from '../../supervisor/server.ts';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import type { Sessions } from '../../supervisor/sessions/sessions.ts';
import { createDataSafety } from '../../installer/data/data-safety.ts';
import type { Release } from '../../installer/release.ts';
import { openInstalledRecords } from '../../installer/update/installed.ts';
import { orderOf } from '../../installer/update/journal-entry.ts';
import { outcomeOf } from '../../installer/update/next-move.ts';
import type { Steps } from '../../installer/update/step.ts';
import { STEPS } from '../../installer/update/steps.ts';
import type { UpdatePolicy, UpdateTools } from '../../installer/update/tools.ts';
import { createUpdates, type Updates } from '../../installer/update/updates.ts';
import { closeLauncher, type LauncherParts, startLauncher } from '../../launcher/wiring/life.ts';
import {
  BACKUPS_FOLDER,
  DATA_FILE,
  ORDERS_FOLDER,
  OUTBOX_FOLDER,
  PLACES,
  type VirtualMachine,
} from './virtual-machine.ts';
import { type BeforeCall, type BeforeRead, createVirtualFiles } from './virtual-files.ts';
import { createVirtualProcesses } from './virtual-processes.ts';
import {
  createVirtualCarryOver,
  createVirtualChecks,
  createVirtualSource,
  createVirtualStaging,
} from './virtual-vendor.ts';

/** What a mutant of the launcher has in place of the real thing. */
export interface Defect {
  files?(files: Files): Files;
  steps?(steps: Steps): Steps;
  server?(server: SupervisedServer): SupervisedServer;
}

export interface LauncherSetting {
  readonly machine: VirtualMachine;
  readonly releases: readonly Release[];
  readonly policy: UpdatePolicy;
  readonly before: BeforeCall;
  readonly beforeRead: BeforeRead;
  readonly defect: Defect;
}

/** The real launcher's life over the virtual machine: its supervisor, its updates, every step, its order of starting. */
export interface VirtualLauncher {
  readonly updates: Updates;
  readonly server: SupervisedServer;
  start(): Promise<void>;
  close(what: 'stop' | 'leave'): Promise<void>;
}

export function createVirtualLauncher(setting: LauncherSetting): VirtualLauncher {
  const { machine, policy, before, beforeRead, defect } = setting;
  const generation = (machine.generation += 1);
  const isAlive = (): boolean => machine.generation === generation;
  const clock = machine.clock.forProcess(isAlive, machine.draws.whole(0, 1_000_000));
  const virtualFiles = createVirtualFiles({ disk: machine.disk, now: () => machine.clock.now(), before, beforeRead });
  const files = defect.files?.(virtualFiles) ?? virtualFiles;
  const random = (size: number): Buffer => machine.draws.bytes(size);
  const link = createChildLink(clock, random);
  machine.link = link;
  const processes = createVirtualProcesses(machine, before);
  const control = createServerControl(
    {
      clock,
      files,
      processes,
      network: networkOf(machine),
      machine: THIS_MACHINE,
      link,
      log: silentLog,
      random,
      freeStart,
    },
    serverOptions(policy.startLimitMs),
  );
  const server = defect.server?.(control) ?? control;
  const tools = toolsOf(setting, files, clock, server);
  const steps = defect.steps?.(STEPS) ?? STEPS;
  const updates = createUpdates(tools, { journalFolder: ORDERS_FOLDER, steps });
  const parts = partsOf({ clock, processes, server, updates, tools });
  return {
    updates,
    server,
    start: async () => {
      await files.makeFolder(PLACES.stateFolder, 0o700);
      await removeUnfinishedWrites(files, PLACES.stateFolder, 2);
      await startLauncher(parts);
    },
    close: async (what) => {
      await closeLauncher(parts, what);
    },
  };
}

const THIS_MACHINE = {
  environment: {},
  processId: 7,
  operatingSystem: 'linux',
  system: 'virtual',
  platform: 'virtual',
} as const;
/** Nothing writes an output here that could be cut. */
const freeStart = async (): Promise<Result<void>> => Promise.resolve(succeed());
const SERVER_PORT = 19_813;

/** Of the network the supervisor asks for one thing: does the server accept connections? */
function networkOf(machine: VirtualMachine): Platform['network'] {
  const tryTcp: Platform['network']['tryTcp'] = async () => {
    const listens = machine.living().some(({ ready }) => ready);
    return Promise.resolve(listens ? succeed() : fail(faultOf('connection-refused', 'nothing listens')));
  };
  return { tryTcp } as Platform['network'];
}

function serverOptions(limitMs: number): ServerOptions {
  return {
    bundle: PLACES.bundle,
    command: join(PLACES.bundle, 'program'),
    args: [],
    workingDirectory: PLACES.bundle,
    environment: {},
    stateFolder: PLACES.stateFolder,
    logFolder: join(PLACES.stateFolder, 'logs'),
    // Nothing writes an output here: cutting it is another story.
    logs: { fileBytes: 1e9, ageMs: 1e12, filesKept: 3, budgetBytes: 1e9 },
    launcherVersion: '0.0.0',
    launcherUrl: () => 'http://127.0.0.1:19820',
    start: { limitMs, extendMs: limitMs, hardLimitMs: 20 * limitMs },
    probes: [{ kind: 'tcp', host: '127.0.0.1', port: SERVER_PORT, timeoutMs: 1_000 }, { kind: 'cooperative' }],
    probeEveryMs: 15_000,
    // Judging a sick server is another story, too.
    health: {
      startup: { passes: 1 },
      readiness: { failures: 3, passes: 1 },
      liveness: { failures: 1_000_000, restart: 'never' },
    },
    stop: {
      orderMs: 1_000,
      request: { kind: 'signal', signal: 'terminate' },
      requestMs: 4_000,
      kill: 'last-resort',
      proveMs: 4_000,
    },
    restart: { stableMs: 60_000, firstDelayMs: 1_000, maximumDelayMs: 60_000, jitter: 0.2 },
    crashLoop: { crashes: 5, windowMs: 600_000 },
    causes: { licencePatterns: [], minimumFreeBytes: 0, dataPaths: [] },
  };
}

function toolsOf(setting: LauncherSetting, files: Files, clock: Clock, server: SupervisedServer): UpdateTools {
  const { machine, releases, policy, before } = setting;
  return {
    clock,
    files,
    log: silentLog,
    places: PLACES,
    policy,
    server,
    sessions: createVirtualSessions(machine, before),
    installed: openInstalledRecords({ files, log: silentLog, clock }, PLACES.stateFolder),
    openSource: async () => Promise.resolve(succeed(createVirtualSource(machine, files, clock, releases))),
    eligibility: async () => Promise.resolve({ now: clock.now() }),
    checks: createVirtualChecks(files),
    staging: createVirtualStaging(files),
    carryOver: createVirtualCarryOver(files),
    carryOverRules: [],
    data: createDataSafety({ files, clock, log: silentLog }, { paths: [DATA_FILE], folder: BACKUPS_FOLDER, keep: 3 }),
    messenger: {
      noticeText: (kind) => ({ en: kind, fr: kind, de: kind, it: kind }),
      announceOutcome: async (journal): Promise<Result<number>> => {
        const made = await files.makeFolder(OUTBOX_FOLDER, 0o700);
        const path = join(OUTBOX_FOLDER, `${orderOf(journal).id}-${outcomeOf(journal)}.json`);
        const written = made.ok ? await files.writeDurably(path, '{}') : made;
        return written.ok ? succeed(1) : written;
      },
    },
  };
}

/** The users of the server that runs; what they are told is a promise that the server keeps account of. */
function createVirtualSessions(machine: VirtualMachine, before: BeforeCall): Sessions {
  const each = (act: (server: VirtualMachine['servers'][number]) => void): void => machine.living().forEach(act);
  return {
    presence: async () => {
      await before('presence', 'the server');
      const [server] = machine.living();
      if (server === undefined) return { kind: 'counted', count: 0 };
      if (!server.ready || machine.sessionsHidden) return { kind: 'unknown', why: 'it does not say' };
      return { kind: 'counted', count: server.users.length };
    },
    warn: async ({ secondsLeft }) => {
      await before('warn', 'the users');
      const listening = machine.living().filter(({ ready }) => ready);
      listening.forEach((server) => server.tell(secondsLeft));
      machine.boardUntil = secondsLeft === undefined ? undefined : machine.clock.passed + secondsLeft * 1_000;
      return listening.length > 0 ? succeed() : fail(faultOf('sessions-unknown', 'no server takes it'));
    },
    refuseLogins: async (refused) => {
      await before('refuse logins', 'the server');
      each((server) => {
        if (server.ready) server.loginsRefused = refused;
      });
      return succeed();
    },
    closeAll: async () => {
      await before('close sessions', 'the server');
      each((server) => server.cutUsersOff('closing the sessions'));
      return succeed();
    },
    backupRunning: () => machine.backupUntil > machine.clock.passed,
  };
}

const CONFIGURATION = {
  name: 'virtual',
  stateFolder: PLACES.stateFolder,
  updates: {},
  server: { stop: serverOptions(0).stop },
};

interface Wired {
  readonly clock: Clock;
  readonly processes: Platform['processes'];
  readonly server: SupervisedServer;
  readonly updates: Updates;
  readonly tools: UpdateTools;
}

/** The rest of the launcher (port, mail, configuration) does not take part: it is there and does nothing. */
function partsOf({ clock, processes, server, updates, tools }: Wired): LauncherParts {
  const nothing = async (): Promise<void> => Promise.resolve();
  const listening = { local: 'virtual', close: nothing };
  return {
    platform: { clock, processes, files: tools.files, machine: THIS_MACHINE },
    loaded: { configuration: CONFIGURATION, updatesBlocked: [] },
    schedule: { run: nothing },
    log: silentLog,
    server,
    updates,
    tools,
    port: { listen: async () => Promise.resolve(succeed(listening)), close: nothing },
    outbox: { run: nothing },
    sources: { close: nothing },
    lock: { release: nothing },
    late: { url: 'http://127.0.0.1:19820', inbox: undefined },
    ending: new AbortController(),
    tasks: [],
  } as unknown as LauncherParts;
}
