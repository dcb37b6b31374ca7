import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../kit/free-port.ts';

/** An nginx of our own on loopback, with its configuration and log in a folder; no service of the machine. */
export interface Nginx {
  readonly url: string;
  /** What it has answered since the last call. */
  takeLog(): readonly AnsweredRequest[];
  /** Processor time of all its workers so far. */
  cpuMs(): number;
  stop(): Promise<void>;
}

export interface AnsweredRequest {
  readonly status: number;
  /** On the wire, heads included. */
  readonly sentBytes: number;
  readonly requestBytes: number;
  /** nginx counts in whole milliseconds. */
  readonly milliseconds: number;
  readonly path: string;
}

const START_LIMIT_MS = 10_000;
const CLOCK_TICKS_PER_SECOND = 100;

export async function startNginx(program: string, repository: string, folder: string): Promise<Nginx> {
  const port = await freePort();
  mkdirSync(path.join(folder, 'temp'), { recursive: true });
  const log = path.join(folder, 'access.log');
  const configuration = path.join(folder, 'nginx.conf');
  writeFileSync(configuration, configurationOf(port, repository, folder, log));
  const child = spawn(program, ['-c', configuration, '-p', folder, '-e', path.join(folder, 'error.log')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}/`;
  await answers(child, `${url}metadata/timestamp.json`);
  let taken = readFileSync(log, 'latin1').length;
  return {
    url,
    takeLog() {
      const text = readFileSync(log, 'latin1');
      const lines = text.slice(taken).trim().split('\n');
      taken = text.length;
      return lines.filter((line) => line !== '').map(parseLine);
    },
    cpuMs: () => workersOf(child.pid ?? 0).reduce((sum, pid) => sum + cpuOf(pid), 0),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function configurationOf(port: number, repository: string, folder: string, log: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/temp/${name};`)
    .join('\n');
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
${temporary}
  log_format bench '$status $bytes_sent $request_length $request_time $uri';
  access_log ${log} bench;
  sendfile on;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${repository};
  }
}
`;
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (const until = performance.now() + START_LIMIT_MS; performance.now() < until;) {
    await sleep(50);
    if (child.exitCode !== null) break;
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
  }
  throw new Error('nginx does not serve the repository');
}

function parseLine(line: string): AnsweredRequest {
  const [status, sent, length, seconds, uri = ''] = line.split(' ');
  return {
    status: Number(status),
    sentBytes: Number(sent),
    requestBytes: Number(length),
    milliseconds: Number(seconds) * 1000,
    path: uri,
  };
}

function workersOf(master: number): readonly number[] {
  const file = `/proc/${master}/task/${master}/children`;
  return existsSync(file) ? readFileSync(file, 'latin1').trim().split(' ').map(Number) : [];
}

/** Fields 14 and 15 of proc(5), behind the name in brackets. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
}
