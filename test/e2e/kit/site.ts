import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';
import type { StatusView } from '../../../launcher/api/schemas.ts';
import { addRelease, initRepository } from '../../../installer/publish/repository.ts';
import type { ReleaseDescription } from '../../../installer/publish/description.ts';
import { freePort } from '../../kit/free-port.ts';
import { launcherCommand } from '../../kit/launcher-command.ts';
import { until } from '../../kit/until.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';

/** One customer's machine in a folder: repository, Office Maker folder, configuration, mailbox, and the launcher. */
export interface Site {
  readonly folder: string;
  readonly officeMaker: string;
  readonly bundle: string;
  readonly stateFolder: string;
  readonly repository: string;
  readonly keys: string;
  readonly configFile: string;
  readonly serverPort: number;
  readonly webPort: number;
  readonly launcherPort: number;
  readonly mailbox: Mailbox;
  /** Publishes a folder as a release for this machine. */
  publish(bundle: string, version: string, more?: Partial<ReleaseDescription>, deltas?: number): Promise<void>;
  startLauncher(): Promise<RunningLauncher>;
  /** The same without waiting for it. */
  spawnLauncher(): RunningLauncher;
  /** Runs a verb to its end. */
  cli(args: readonly string[], limitMs?: number): Promise<CliEnd>;
  status(): Promise<StatusView>;
  /** Stops what this site started, server included. */
  close(): Promise<void>;
}

export interface RunningLauncher {
  readonly pid: number;
  output(): string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<number | string>;
}

export interface CliEnd {
  readonly exit: number;
  readonly output: string;
  readonly errorOutput: string;
}

export interface SiteOptions {
  readonly folder: string;
  /** Name of the bundle's folder. */
  readonly bundleName: string;
  /** Command and leading arguments of the launcher: the sources, or the single executable. */
  readonly launcher?: readonly string[];
  /** The rest of the configuration; it knows the ports and places. */
  configure(places: SitePlaces): Record<string, unknown>;
}

export interface SitePlaces {
  readonly folder: string;
  readonly officeMaker: string;
  readonly serverPort: number;
  readonly webPort: number;
  /** Where data lives, outside the bundle. */
  readonly dataFolder: string;
}

const CHANNEL = 'stable';
const PRODUCT = 'business';

export async function openSite(options: SiteOptions): Promise<Site> {
  const { folder } = options;
  const platform = openPlatform();
  const [serverPort, webPort, launcherPort] = await threePorts();
  const mailbox = await openMailbox();
  const officeMaker = join(folder, 'Office Maker');
  const dataFolder = join(folder, 'Data');
  const places = {
    repository: join(folder, 'repository'),
    keys: join(folder, 'vendor-keys'),
    stateFolder: join(folder, 'state'),
    bundle: join(officeMaker, options.bundleName),
    configFile: join(folder, 'om-launcher.json'),
  };
  for (const made of [officeMaker, dataFolder]) {
    mkdirSync(made, { recursive: true });
  }
  const keys = { folder: places.keys, passphrase: undefined };
  demand(await initRepository(platform, { repository: places.repository, keys, rootKeys: 3, rootThreshold: 2 }));
  writeFileSync(
    places.configFile,
    JSON.stringify(
      configurationOf(
        options,
        { ...places, officeMaker, dataFolder, folder, serverPort, webPort },
        launcherPort,
        mailbox,
      ),
      undefined,
      2,
    ),
  );
  const launcher = options.launcher ?? launcherCommand();
  const started: RunningLauncher[] = [];
  const spawnLauncher = (): RunningLauncher => {
    const running = startProgram(launcher, ['run', '--config', places.configFile]);
    started.push(running);
    return running;
  };
  const cli = async (args: readonly string[], limitMs = 120_000): Promise<CliEnd> =>
    runToEnd(launcher, [...args, '--config', places.configFile], limitMs);
  const status = async (): Promise<StatusView> => {
    const { output, errorOutput } = await cli(['status', '--json']);
    try {
      return JSON.parse(output) as StatusView;
    } catch {
      throw new Error(`status gave no JSON: ${output}${errorOutput}`);
    }
  };
  return {
    folder,
    officeMaker,
    ...places,
    serverPort,
    webPort,
    launcherPort,
    mailbox,
    async publish(bundle, version, more = {}, deltas) {
      const description: ReleaseDescription = {
        product: PRODUCT,
        channel: CHANNEL,
        platform: platform.machine.platform,
        version,
        dataFormat: '1',
        notes: { en: `Release ${version}` },
        ...more,
      };
      demand(
        await addRelease(platform, {
          repository: places.repository,
          keys,
          folder: bundle,
          description,
          compressionLevel: 1,
          deltas,
        }),
      );
    },
    spawnLauncher,
    async startLauncher() {
      const running = spawnLauncher();
      await until(
        () => running.output().includes('ready') || hasEnded(running),
        () => `the launcher to start: ${running.output()}`,
        30_000,
      );
      if (hasEnded(running)) {
        throw new Error(`the launcher ended: ${running.output()}`);
      }
      return running;
    },
    cli,
    status,
    async close() {
      for (const running of started) {
        running.kill('SIGTERM');
        await running.ended;
      }
      await mailbox.close();
    },
  };
}

/** A port that was free a moment ago may be given out again: three different ones. */
async function threePorts(): Promise<readonly [number, number, number]> {
  const first = await freePort();
  const second = await anotherPort([first]);
  return [first, second, await anotherPort([first, second])];
}

async function anotherPort(taken: readonly number[]): Promise<number> {
  const port = await freePort();
  return taken.includes(port) ? anotherPort(taken) : port;
}

function configurationOf(
  options: SiteOptions,
  places: SitePlaces & { repository: string; keys: string; stateFolder: string },
  launcherPort: number,
  mailbox: Mailbox,
): Record<string, unknown> {
  const own = options.configure(places);
  return {
    name: 'demo',
    folder: places.officeMaker,
    bundle: options.bundleName,
    stateFolder: places.stateFolder,
    port: { listen: `127.0.0.1:${launcherPort}` },
    mail: {
      smtp: { host: '127.0.0.1', port: mailbox.port, secure: 'none' },
      from: 'om-launcher@example.ch',
      to: ['partner@example.ch'],
    },
    ...own,
    updates: {
      repository: places.repository,
      root: join(places.keys, 'root.json'),
      // Behind every other program a busy test machine would take minutes.
      staging: 'normal',
      ...(own['updates'] as Record<string, unknown> | undefined),
    },
  };
}

/** In the kit a fault is the end of the scene. */
export function demand<Value>(result: Result<Value>): Value {
  if (!result.ok) {
    throw new Error(`${result.fault.code}: ${result.fault.detail} ${result.fault.path ?? ''}`);
  }
  return result.value;
}

const ENDED = new WeakSet<RunningLauncher>();

function hasEnded(running: RunningLauncher): boolean {
  return ENDED.has(running);
}

function startProgram(launcher: readonly string[], args: readonly string[]): RunningLauncher {
  const [command = '', ...leading] = launcher;
  const child = spawn(command, [...leading, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  const running: RunningLauncher = {
    pid: child.pid ?? -1,
    output: () => text,
    kill: (signal) => child.kill(signal),
    ended: once(child, 'exit').then(([code, signal]) => {
      ENDED.add(running);
      return (signal as string | null) ?? (code as number);
    }),
  };
  return running;
}

async function runToEnd(launcher: readonly string[], args: readonly string[], limitMs: number): Promise<CliEnd> {
  const [command = '', ...leading] = launcher;
  const child = spawn(command, [...leading, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(limitMs),
    env: { ...process.env, NO_COLOR: '1' },
  });
  let [output, errorOutput] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (errorOutput += piece));
  const [exit] = (await once(child, 'close')) as [number | null];
  return { exit: exit ?? -1, output, errorOutput };
}
