import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type OmClient } from '../programs/om-client/om-client.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';

/** People at their workstations: they log in, work, save, look at pages, stay connected, and come back when they were put out. */
export interface Users {
  /** Everybody leaves; resolves when nobody is connected any more. */
  leave(): Promise<void>;
  readonly seen: UsersSeen;
}

/** What all users met so far. */
export interface UsersSeen {
  sessions: number;
  requests: number;
  /** Disconnected by the server after they had been told. */
  warned: number;
  /** Disconnected by the server without a word before. */
  readonly untold: string[];
  /** The server died under them. */
  cut: number;
}

const ACCOUNTS = [
  ['Administrator', 'secret'],
  ['anna', 'anna'],
  ['bruno', 'bruno'],
] as const;
const [SHORTEST_STAY_MS, LONGEST_STAY_MS, BETWEEN_MS, RETRY_MS] = [500, 6_000, 300, 100];
const REQUEST_LIMIT_MS = 5_000;

export function noneSeen(): UsersSeen {
  return { sessions: 0, requests: 0, warned: 0, untold: [], cut: 0 };
}

export function startUsers(site: OmSite, seen: UsersSeen): Users {
  const leaving = new AbortController();
  const all = ACCOUNTS.map(async (account) => beUser(site, account, seen, leaving.signal));
  return {
    seen,
    async leave() {
      leaving.abort();
      await Promise.all(all);
    },
  };
}

async function beUser(
  site: OmSite,
  [user, password]: readonly [string, string],
  seen: UsersSeen,
  leaving: AbortSignal,
): Promise<void> {
  while (!leaving.aborted) {
    const client = await connect(site, user, password);
    if (client === undefined) {
      await sleep(RETRY_MS);
      continue;
    }
    seen.sessions += 1;
    await stay(site, client, seen, leaving);
    await pause(BETWEEN_MS * Math.random(), leaving);
  }
}

/** Nothing while the server is away, or lets nobody in. */
async function connect(site: OmSite, user: string, password: string): Promise<OmClient | undefined> {
  const client = await connectClient({ host: '127.0.0.1', port: site.serverPort, user, password }).catch(
    () => undefined,
  );
  try {
    await client?.login();
    return client;
  } catch {
    client?.destroy();
    return undefined;
  }
}

async function stay(site: OmSite, client: OmClient, seen: UsersSeen, leaving: AbortSignal): Promise<void> {
  let reason: string | undefined;
  void client.closed.then((why) => (reason = why));
  const until = performance.now() + SHORTEST_STAY_MS + Math.random() * (LONGEST_STAY_MS - SHORTEST_STAY_MS);
  const isClosed = (): boolean => reason !== undefined;
  try {
    while (performance.now() < until && !leaving.aborted && !isClosed()) {
      await client.work('an invoice');
      await lookAtPage(site, seen);
      await Promise.race([pause(BETWEEN_MS, leaving), client.closed]);
    }
    if (!isClosed()) await client.leave();
  } catch {
    // The connection ended in the middle of a request; the reason tells how.
  }
  client.destroy();
  count(await client.closed, client, seen);
}

function count(reason: string, client: OmClient, seen: UsersSeen): void {
  if (reason === 'left') return;
  if (reason === 'connection lost') seen.cut += 1;
  else if (client.notices().length > 0) seen.warned += 1;
  else seen.untold.push(reason);
}

async function lookAtPage(site: OmSite, seen: UsersSeen): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${site.webPort}/`, { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
  await response.text();
  seen.requests += 1;
}

async function pause(milliseconds: number, leaving: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: leaving }).catch(() => undefined);
}
