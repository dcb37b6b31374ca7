import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import path from 'node:path';

export interface ClientsTask {
  readonly url: string;
  readonly rootFile: string;
  /** State folders of the clients lie below it, by their numbers. */
  readonly folder: string;
  readonly first: number;
  readonly count: number;
  readonly atOnce: number;
  /** `check`: what a launcher does when it looks. `fetch`: the same, then the delta from the release `from`. */
  readonly act: 'check' | 'fetch';
  readonly from?: string;
}

export interface ClientsReport {
  /** Milliseconds of each client. */
  readonly times: readonly number[];
  /** How many clients ended with which fault. */
  readonly faults: Readonly<Record<string, number>>;
  readonly cpuMs: number;
}

const OUTPUT_LIMIT = 64 * 1024 * 1024;
const worker = path.join(import.meta.dirname, 'client-worker.ts');

/** The clients, shared out among some processes. */
export async function runClients(task: Omit<ClientsTask, 'first'>, processes: number): Promise<ClientsReport> {
  const share = Math.ceil(task.count / processes);
  const shares = Array.from({ length: processes }, (_, index) => ({
    ...task,
    first: index * share,
    count: Math.max(0, Math.min(share, task.count - index * share)),
  }));
  const reports = await Promise.all(shares.filter(({ count }) => count > 0).map(runWorker));
  return {
    times: reports.flatMap(({ times }) => times),
    faults: sumOf(reports.map(({ faults }) => faults)),
    cpuMs: reports.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}

async function runWorker(task: ClientsTask): Promise<ClientsReport> {
  const args = [worker, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: OUTPUT_LIMIT });
  return JSON.parse(stdout) as ClientsReport;
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [code, count] of counts.flatMap(Object.entries<number>)) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}
