import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Platform } from '../../platform/platform.ts';
import { fail } from '../../platform/result.ts';
import type { ChildLink } from '../../supervisor/child/child-link.ts';
import { createChildLink } from '../../supervisor/child/server-link.ts';
import { createServerControl, type SupervisedServer } from '../../supervisor/server.ts';
import type { ServerEvent } from '../../supervisor/server-control.ts';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import { freePort } from '../kit/free-port.ts';
import { createRecordingLog } from '../kit/recording-log.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

export const SERVER_PROGRAM = join(import.meta.dirname, '../programs/children/server.ts');

/** A real server program under a real control, in folders of its own. */
export interface Supervised {
  readonly platform: Platform;
  readonly folder: string;
  readonly port: number;
  readonly options: ServerOptions;
  readonly control: SupervisedServer;
  readonly link: ChildLink;
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly events: ServerEvent[];
  readonly output: () => string;
  readonly record: () => Readonly<Record<string, unknown>>;
  /** Another launcher on the same folders; with `diskFull` it can write nothing durable. */
  readonly successor: (adversity?: { readonly diskFull: boolean }) => Supervised;
}

/** Makes a control for the stand-in server with these arguments; `{port}` is a free port, which is also probed. */
export async function supervise(
  args: readonly string[],
  change: (options: ServerOptions) => ServerOptions = (options) => options,
  changed: Partial<Platform> = {},
): Promise<Supervised> {
  const folder = temporaryFolder('supervisor');
  const port = await freePort();
  mkdirSync(join(folder, 'bundle'));
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'bundle', 'resource.txt'), 'resource');
  const withPort = args.map((argument) => argument.replace('{port}', String(port)));
  return controlOf(folder, port, change(serverOptions(folder, port, withPort)), false, changed);
}

/** Short limits, so that the scenes are quick; the server itself is real. */
export function serverOptions(folder: string, port: number, args: readonly string[]): ServerOptions {
  return {
    bundle: join(folder, 'bundle'),
    command: process.execPath,
    args: [SERVER_PROGRAM, ...args],
    workingDirectory: folder,
    environment: {},
    stateFolder: join(folder, 'state'),
    logFolder: join(folder, 'logs'),
    logs: { fileBytes: 64 * 1024 * 1024, ageMs: 86_400_000, filesKept: 20, budgetBytes: 1024 * 1024 * 1024 },
    launcherVersion: '1.0.0',
    launcherUrl: () => 'http://127.0.0.1:9',
    start: { limitMs: 10_000, extendMs: 2_000, hardLimitMs: 15_000 },
    probes: [{ kind: 'tcp', host: '127.0.0.1', port, timeoutMs: 1_000 }],
    probeEveryMs: 50,
    health: {
      startup: { passes: 1 },
      readiness: { failures: 3, passes: 1 },
      liveness: { failures: 1_000_000, restart: 'when-idle', usersPort: port },
    },
    stop: {
      orderMs: 3_000,
      request: { kind: 'signal', signal: 'terminate' },
      requestMs: 3_000,
      kill: 'last-resort',
      proveMs: 2_000,
    },
    restart: { stableMs: 60_000, firstDelayMs: 50, maximumDelayMs: 60_000, jitter: 0.2 },
    crashLoop: { crashes: 5, windowMs: 600_000 },
    causes: { licencePatterns: ['licen*e*missing'], minimumFreeBytes: 0, dataPaths: [] },
  };
}

/** A launcher of this process on the given folders. */
export function controlOf(
  folder: string,
  port: number,
  options: ServerOptions,
  diskFull = false,
  changed: Partial<Platform> = {},
): Supervised {
  const platform = { ...(diskFull ? withFullDisk(openPlatform()) : openPlatform()), ...changed };
  const log = createRecordingLog();
  const link = createChildLink(platform.clock, randomBytes);
  const control = createServerControl({ ...platform, link, log, random: randomBytes }, options);
  const events: ServerEvent[] = [];
  control.subscribe((event) => events.push(event));
  onTestFinished(async () => {
    await control.detach();
    await endAll(platform, folder);
    // A test that failed may have left a record that names none of its processes.
    for (const event of events) if (event.kind === 'started') await platform.processes.signal(event.process, 'kill');
  });
  return {
    platform,
    folder,
    port,
    options,
    control,
    link,
    log,
    events,
    output: () => readFileSync(join(folder, 'logs', 'server.log'), 'utf8'),
    record: () => readRecord(folder),
    successor: (adversity) => controlOf(folder, port, options, adversity?.diskFull),
  };
}

function withFullDisk(platform: Platform): Platform {
  const full = () => Promise.resolve(fail(faultOf('disk-full', 'no space left on the volume')));
  return { ...platform, files: { ...platform.files, writeDurably: full } };
}

export function readRecord(folder: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(folder, 'state', 'server-child.json'), 'utf8')) as Record<string, unknown>;
}

/** Ends whatever carries the nonce of the last start. */
export async function endAll(platform: Platform, folder: string): Promise<void> {
  let nonce: unknown;
  try {
    nonce = readRecord(folder)['nonce'];
  } catch {
    return;
  }
  for (const identity of await platform.processes.findByNonce(String(nonce))) {
    await platform.processes.signal(identity, 'kill');
    await platform.processes.waitForExit(identity);
  }
}

/** The pid of the grandchild, once it lives. */
export async function grandchildOf({ output }: Supervised): Promise<number> {
  return Number((await until(() => /^grandchild (\d+) of \d+$/m.exec(output())))[1]);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet does not run.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
