import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../kit/free-port.ts';
import { until } from '../kit/until.ts';

/** The stand-in server as a child of a test. */
export interface RunningServer {
  readonly process: ChildProcess;
  readonly port: number;
  readonly webPort: number;
  /** Everything it wrote. */
  output(): string;
  /** Resolves with `code` or the signal's name. */
  readonly ended: Promise<number | string>;
  status(): Promise<Readonly<Record<string, unknown>>>;
  /** Waits for the line that says that the ports are open. */
  ready(): Promise<true>;
}

const START_LIMIT_MS = 15_000;

export async function startServer(
  bundle: string,
  data: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const [port, webPort] = [await freePort(), await freePort()];
  const args = ['--headless', '--data', data, '--user-param', 'test', '--port', `${port}`, '--web-port', `${webPort}`];
  const child = spawn(process.execPath, [`${bundle}/om-server.mjs`, ...args], {
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = once(child, 'exit').then(([code, signal]: (number | string)[]) => code ?? signal ?? 'unknown');
  return {
    process: child,
    port,
    webPort,
    output: () => text,
    ended,
    status: async () => {
      const response = await fetch(`http://127.0.0.1:${webPort}/status`, { signal: AbortSignal.timeout(5_000) });
      return (await response.json()) as Readonly<Record<string, unknown>>;
    },
    ready: () =>
      until(
        () => text.includes('ready: port'),
        () => `the server to be ready; it said ${text}`,
        START_LIMIT_MS,
      ),
  };
}
