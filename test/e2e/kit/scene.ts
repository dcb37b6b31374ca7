import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vitest from 'vitest';
import type { Result } from '../../../platform/result.ts';
import { openPlatform } from '../../../platform/current.ts';
import { type ApiClient, createApiClient } from '../../../launcher/api/client.ts';
import type { UpdateView } from '../../../launcher/api/schemas.ts';
import { findSocket } from '../../../launcher/api/socket-path.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { StepName } from '../../../installer/update/pipeline.ts';
import type { Behaviour } from '../../programs/om-server/behaviour.ts';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';
import { type OmSite, type OmSiteOptions, openOmSite } from './om-site.ts';
import { killProcessesOf } from './site-processes.ts';
import type { RunningLauncher } from './site.ts';

/** A site whose launcher a test may kill and start again; everything of it is gone when the test ends. */
export interface Scene {
  readonly site: OmSite;
  /** The launcher's local channel. */
  readonly api: ApiClient;
  launcher(): RunningLauncher;
  /** Starts the launcher and waits until the server answers as ready. */
  readonly start: () => Promise<RunningLauncher>;
  /** Starts the launcher and waits for its port alone. */
  startLauncher(): Promise<RunningLauncher>;
  /** Starts the launcher and waits for nothing. */
  spawnLauncher(): void;
  /** SIGKILL, and the proof that it is gone. */
  killLauncher(signal?: NodeJS.Signals): Promise<void>;
  /** The newest order's journal as it lies on disk. */
  journal(): readonly JournalEntry[];
  /** Waits for a line of the newest journal; polls often, so that the next line is usually not there yet. */
  reached(kind: JournalEntry['kind'], step?: StepName, orderId?: string): Promise<void>;
  readonly settled: (id: string) => Promise<UpdateView>;
}

/** Quick starts and quits, small bundles: a whole update takes a second or two. */
const QUICK: Behaviour = { startMs: 0, quitMs: 20, dialogMs: 50, conversionMs: 100 };
const SMALL = { smallFiles: 16, largeBytes: 200_000 };
const QUICK_HEALTH = { everySeconds: 0.2, passes: 2, watchSeconds: 1 };
/** A held order has waited 75 s between its tries. */
const SETTLE_LIMIT_MS = 180_000;
const READY_LIMIT_MS = 30_000;
const POLL_MS = 60;
/** Characters of each launcher's output in the report of a failure. */
const OUTPUT_SHOWN = 4_000;

export type SceneOptions = Omit<OmSiteOptions, 'folder'>;

/** Whose end ends the scene. */
export type SceneTest = Pick<vitest.TestContext, 'onTestFinished' | 'onTestFailed'>;

/** Tests that run side by side have to say which of them it is. */
export async function openScene(
  options: SceneOptions = {},
  { onTestFinished, onTestFailed }: SceneTest = vitest,
): Promise<Scene> {
  const { path: folder, remove } = makeTemporaryFolder('e2e');
  const cleanUps: (() => unknown)[] = [remove];
  onTestFinished(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }, SETTLE_LIMIT_MS);
  const site = await openOmSite({
    folder,
    behaviour: QUICK,
    size: SMALL,
    delaySeconds: 0,
    startLimitSeconds: 10,
    ...options,
    health: { ...QUICK_HEALTH, ...options.health },
  });
  cleanUps.push(async () => {
    // The launchers first: they would start the server again.
    for (const running of launchers) running.kill('SIGKILL');
    await Promise.all(launchers.map(({ ended }) => ended));
    await killProcessesOf(site);
    await site.close();
  });
  const launchers: RunningLauncher[] = [];
  // A red scene on another machine must tell what the launchers said.
  onTestFailed(() => launchers.forEach((running) => process.stderr.write(running.output().slice(-OUTPUT_SHOWN))));
  const launcher = (): RunningLauncher => {
    const last = launchers.at(-1);
    if (last === undefined) throw new Error('no launcher was started');
    return last;
  };
  const api = await openApi(site, onTestFinished);
  const startLauncher = async (): Promise<RunningLauncher> => {
    const started = await site.startLauncher();
    launchers.push(started);
    return started;
  };
  return {
    site,
    api,
    launcher,
    startLauncher,
    spawnLauncher() {
      launchers.push(site.spawnLauncher());
    },
    async start() {
      const started = await startLauncher();
      await serverUp(api);
      return started;
    },
    async killLauncher(signal = 'SIGKILL') {
      launcher().kill(signal);
      await launcher().ended;
    },
    journal: () => newestJournal(site),
    reached: async (kind, step, orderId) => {
      await until(
        () =>
          newestJournal(site, orderId).some(
            (entry) => entry.kind === kind && (step === undefined || ('step' in entry && entry.step === step)),
          ),
        () => `${kind} ${step ?? ''}; the journal says ${told(newestJournal(site, orderId))}`,
        SETTLE_LIMIT_MS,
      );
    },
    settled: async (id) => settled(api, site, id),
  };
}

async function openApi({ stateFolder }: OmSite, onTestFinished: SceneTest['onTestFinished']): Promise<ApiClient> {
  const { files, machine, network } = openPlatform();
  const socketPath = await findSocket(files, machine, stateFolder);
  if (!socketPath.ok) throw new Error(socketPath.fault.detail);
  const httpClient = network.httpClient({ socketPath: socketPath.value });
  onTestFinished(async () => httpClient.close());
  return createApiClient(httpClient, 'http://localhost');
}

/** What the server says on its web port; undefined while nobody answers. */
export async function serverStatus(site: OmSite): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${site.webPort}/status`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** Waits until the launcher sees the server as up. */
export async function serverUp(api: ApiClient): Promise<void> {
  let last = 'no answer';
  await until(
    async () => {
      const status = await api.status();
      last = status.ok ? status.value.state : status.fault.code;
      await sleep(POLL_MS);
      return last === 'up';
    },
    () => `the server to be up; it is ${last}`,
    READY_LIMIT_MS,
  );
}

async function settled(api: ApiClient, site: OmSite, id: string): Promise<UpdateView> {
  return until(
    async () => {
      const view = await api.update(id);
      // The machine is busy enough.
      await sleep(POLL_MS);
      return view.ok && view.value.state !== 'running' && view.value.state !== 'scheduled' ? view.value : undefined;
    },
    () => `order ${id} to settle; the journal says ${told(newestJournal(site))}`,
    SETTLE_LIMIT_MS,
  );
}

/** Journals by name are journals by time; a line that is just being written is left out. */
export function journalsOf(site: OmSite): readonly (readonly JournalEntry[])[] {
  const folder = join(site.stateFolder, 'orders');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .filter((name) => name.endsWith('.journal'))
    .sort()
    .map((name) => parse(readFileSync(join(folder, name), 'utf8')));
}

/** Of the order, or of all; `[]` while there is none. */
export function newestJournal(site: OmSite, orderId?: string): readonly JournalEntry[] {
  const folder = join(site.stateFolder, 'orders');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const name = names
    .filter((candidate) => candidate.endsWith(orderId === undefined ? '.journal' : `-${orderId}.journal`))
    .sort()
    .at(-1);
  return name === undefined ? [] : parse(readFileSync(join(folder, name), 'utf8'));
}

function parse(text: string): readonly JournalEntry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1)) as JournalEntry);
}

/** A journal in one line, for messages. */
export function told(journal: readonly JournalEntry[]): string {
  return journal
    .map((entry) => {
      const step = 'step' in entry ? ` ${entry.step}` : '';
      const why = 'fault' in entry ? ` (${entry.fault.code}: ${entry.fault.detail})` : '';
      return `${entry.kind}${step}${why}${entry.kind === 'settled' ? ` ${entry.outcome}` : ''}`;
    })
    .join(', ');
}

/** In a scene a refused call is the end. */
export function demandValue<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
}

/** What a scene may change of a site's configuration file; the launcher reads it when it starts. */
export interface ChangeableConfiguration {
  server: Record<string, unknown>;
  updates: Record<string, unknown>;
}

export function changeConfiguration(site: OmSite, change: (configuration: ChangeableConfiguration) => void): void {
  const configuration = JSON.parse(readFileSync(site.configFile, 'utf8')) as ChangeableConfiguration;
  change(configuration);
  writeFileSync(site.configFile, JSON.stringify(configuration));
}
