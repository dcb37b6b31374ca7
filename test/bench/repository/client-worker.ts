import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createReleaseSource } from '../../../installer/repository/signed-repository.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';
import type { ClientsReport, ClientsTask } from './clients.ts';

/** Many launchers' own client code in one process, each with a state folder of its own; prints a report. */
const task = JSON.parse(process.argv[2] ?? '{}') as ClientsTask;
const root = readFileSync(task.rootFile);
const { clock, files, network } = openPlatform();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const times: number[] = [];
const faults: Record<string, number> = {};
const waiting = Array.from({ length: task.count }, (_, index) => task.first + index);
const before = process.cpuUsage();
await Promise.all(Array.from({ length: task.atOnce }, work));
const { user, system } = process.cpuUsage(before);
const report: ClientsReport = { times, faults, cpuMs: (user + system) / 1000 };
console.log(JSON.stringify(report));

async function work(): Promise<void> {
  for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
    const startedAt = performance.now();
    const outcome = await act(path.join(task.folder, String(number)));
    times.push(performance.now() - startedAt);
    if (!outcome.ok) faults[outcome.fault.code] = (faults[outcome.fault.code] ?? 0) + 1;
  }
}

async function act(folder: string): Promise<Result<unknown>> {
  const stateFolder = path.join(folder, 'trusted');
  mkdirSync(stateFolder, { recursive: true });
  const wanted = { product: 'business', channel: 'stable', platform: 'linux-x64' };
  const opened = createReleaseSource(
    { clock, files, network, log: silent },
    { ...wanted, location: task.url, root, stateFolder },
  );
  if (!opened.ok) return opened;
  const source = opened.value;
  try {
    const offered = await source.refresh();
    if (!offered.ok || task.act === 'check') return offered;
    const [newest] = offered.value;
    const delta = newest?.deltas?.find(({ from }) => from === task.from);
    if (newest === undefined || delta === undefined) throw new Error('the repository has no such delta');
    const manifest = await source.deltaManifest(newest, delta);
    return manifest.ok ? await source.downloadDelta(newest, delta, folder, {}) : manifest;
  } finally {
    await source.close();
  }
}
