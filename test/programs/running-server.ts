import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

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
  ready(): Promise<void>;
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
    ready: () => until(() => text.includes('ready: port'), START_LIMIT_MS),
  };
}

/** Waits for a condition, not for a time. Throws after the limit. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${limitMs} ms: ${condition.toString()}`);
    await sleep(20);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
