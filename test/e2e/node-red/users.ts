import { once } from 'node:events';
import { type Agent, WebSocket } from 'undici';
import { until } from '../../kit/until.ts';
import { askFlow, customersAgent } from './flows.ts';

/** People at their desks: open connections to Node-RED, each with a message that it answered. */
export interface Users {
  readonly count: number;
  /** How many of the connections are still open. */
  open(): number;
  leave(): Promise<void>;
}

/** Two websockets, and one HTTP connection that is kept and used. */
export async function connectUsers(base: string): Promise<Users> {
  const agent = customersAgent();
  const desks = [await connectDesk(base, agent, 'anna'), await connectDesk(base, agent, 'beat')];
  const browser = await connectBrowser(base);
  return {
    count: desks.length + 1,
    open: () => Number(browser.isOpen()) + desks.filter(({ readyState }) => readyState === WebSocket.OPEN).length,
    async leave() {
      for (const desk of desks) {
        const closed = desk.readyState === WebSocket.CLOSED ? Promise.resolve() : once(desk, 'close');
        desk.close();
        await closed;
      }
      await Promise.all([browser.leave(), agent.destroy()]);
    },
  };
}

/** Node.js closes a kept connection that is idle for 5 s. */
const ASK_EACH_MS = 1_000;

async function connectBrowser(base: string): Promise<{ isOpen(): boolean; leave(): Promise<void> }> {
  const agent = customersAgent({ connections: 1, keepAliveTimeout: 60_000 });
  let open = false;
  agent.on('connect', () => (open = true)).on('disconnect', () => (open = false));
  await askFlow(base, agent);
  const timer = setInterval(() => void askFlow(base, agent).catch(() => undefined), ASK_EACH_MS);
  return {
    isOpen: () => open,
    async leave() {
      clearInterval(timer);
      await agent.destroy();
    },
  };
}

const CONNECT_LIMIT_MS = 60_000;

async function connectDesk(base: string, dispatcher: Agent, name: string): Promise<WebSocket> {
  const desk = new WebSocket(`${base.replace('https:', 'wss:')}/ws/desk`, { dispatcher });
  const said: unknown[] = [];
  desk.addEventListener('message', ({ data }) => said.push(data));
  desk.addEventListener('error', () => undefined);
  await until(() => desk.readyState === WebSocket.OPEN, `${name} to be connected`, CONNECT_LIMIT_MS);
  desk.send(name);
  await until(() => said.includes(name), `the flow to answer ${name}`, CONNECT_LIMIT_MS);
  return desk;
}

/** One question to the flow: who answered, or that nobody did. Times in ms on the monotonic clock. */
export interface Visit {
  readonly beganAt: number;
  readonly endedAt: number;
  readonly version: string | undefined;
}

/** A program that asks the flow again and again, whatever happens; each time with a new connection, so it is no user. */
export interface Visitor {
  readonly visits: readonly Visit[];
  stop(): Promise<void>;
}

const PAUSE_MS = 100;

export function sendVisitor(base: string): Visitor {
  const visits: Visit[] = [];
  const stopped = new AbortController();
  const agent = customersAgent();
  const going = (async () => {
    while (!stopped.signal.aborted) {
      const beganAt = performance.now();
      const answer = await askFlow(base, agent, { connection: 'close' }).catch(() => undefined);
      visits.push({ beganAt, endedAt: performance.now(), version: answer?.version });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    visits,
    async stop() {
      stopped.abort();
      await going;
      await agent.destroy();
    },
  };
}

/** The visits as one sees them from far: `['4.1.13', undefined, '4.1.14']`, repeats folded. */
export function storyOf(visits: readonly Visit[]): readonly (string | undefined)[] {
  return visits
    .map(({ version }) => version)
    .filter((version, index, all) => index === 0 || version !== all[index - 1]);
}

/** From the end of the last answer before the silence to the first answer after it, in ms. */
export function silenceOf(visits: readonly Visit[]): number {
  const first = visits.findIndex(({ version }) => version === undefined);
  const last = visits.findLastIndex(({ version }) => version === undefined);
  const before = visits[first - 1];
  const after = visits[last + 1];
  if (before === undefined || after === undefined) {
    throw new Error('there was no silence between two answers');
  }
  return after.endedAt - before.endedAt;
}
