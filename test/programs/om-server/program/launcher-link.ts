import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the server says of itself; the launcher keeps the last one. */
export interface StateReport {
  readonly ready: boolean;
  readonly sessions: readonly { readonly id: string; readonly user: string; readonly workstation: string }[];
  readonly backupRunning: boolean;
  readonly progress?: string;
  readonly version: string;
}

export type Order =
  | {
      readonly kind: 'notice';
      readonly id: string;
      readonly text: Readonly<Record<string, string>>;
      readonly secondsLeft?: number;
    }
  | { readonly kind: 'refuse-logins'; readonly id: string; readonly refused: boolean }
  | { readonly kind: 'close-sessions'; readonly id: string }
  | { readonly kind: 'quit'; readonly id: string; readonly reason: string };

export interface LauncherLink {
  readonly launcherUrl: string;
  /** Something changed: says so soon. */
  changed(): void;
  ticket(request: { readonly user: string; readonly language?: string; readonly email?: string }): Promise<string>;
}

export interface LauncherLinkOptions {
  readonly launcherUrl: string;
  readonly tokenFile: string;
  readonly report: () => StateReport;
  readonly onOrder: (order: Order) => void;
  readonly log: (message: string) => void;
}

/** Seconds that the launcher may keep a poll open. */
const POLL_SECONDS = 25;
/** A poll without an answer is given up after this. */
const POLL_LIMIT_MS = 40_000;
const REQUEST_LIMIT_MS = 5_000;
/** An unchanged state is repeated this often. */
const REPORT_EVERY_MS = 10_000;
/** The launcher may be away for an update of its own: the server tries again, for as long as it runs. */
const RETRY_MS = 250;

/** Speaks the child protocol for as long as the server runs. */
export function startLauncherLink(options: LauncherLinkOptions): LauncherLink {
  let wake = new AbortController();
  void pollOrders(options, () => wake.abort());
  void sendReports();

  /** One report at a time; a change during a report leads to another one. */
  async function sendReports(): Promise<never> {
    for (;;) {
      wake = new AbortController();
      const sent = await call(options, 'POST', '/v1/child/state', options.report(), REQUEST_LIMIT_MS)
        .then(() => true)
        .catch(() => false);
      await sleep(sent ? REPORT_EVERY_MS : RETRY_MS, undefined, { signal: wake.signal }).catch(() => undefined);
    }
  }

  return {
    launcherUrl: options.launcherUrl,
    changed: () => wake.abort(),
    ticket: async (request) => {
      const answer = await call(options, 'POST', '/v1/tickets', request, REQUEST_LIMIT_MS);
      return (JSON.parse(answer) as { readonly ticket: string }).ticket;
    },
  };
}

/** `onLost` when the launcher is gone: the next one knows nothing yet, and is told as soon as it is there. */
async function pollOrders(options: LauncherLinkOptions, onLost: () => void): Promise<never> {
  let reached = true;
  for (;;) {
    try {
      const order = await call(options, 'GET', `/v1/child/orders?wait=${POLL_SECONDS}`, undefined, POLL_LIMIT_MS);
      reached = true;
      if (order !== '') options.onOrder(JSON.parse(order) as Order);
    } catch (error) {
      // Said once: the launcher may be away for long.
      if (reached) options.log(`launcher not reached: ${error instanceof Error ? error.message : String(error)}`);
      reached = false;
      onLost();
      await sleep(RETRY_MS);
    }
  }
}

/** Resolves with the answer's body. The token is read again each time: the launcher may have renewed it. */
async function call(
  options: LauncherLinkOptions,
  method: string,
  target: string,
  body: unknown,
  limitMs: number,
): Promise<string> {
  const token = readFileSync(options.tokenFile, 'utf8').trim();
  const url = new URL(target, options.launcherUrl);
  // Not fetch(): with it a third of this program's start is spent on loading it.
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: {
      authorization: `Child ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    signal: AbortSignal.timeout(limitMs),
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const text = await textOf(response);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw new Error(`launcher-refused ${status}`);
  return text;
}
