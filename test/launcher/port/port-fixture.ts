import { request as sendHttp, type IncomingHttpHeaders } from 'node:http';
import { request as sendHttps } from 'node:https';
import { onTestFinished } from 'vitest';
import type { Application, ApplicationEvent, Caller } from '../../../launcher/api/application.ts';
import type { UpdateView } from '../../../launcher/api/schemas.ts';
import { createPort, type Listening, type Port, type PortOptions } from '../../../launcher/port/port.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Platform } from '../../../platform/platform.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { ChildLink, ChildOrder, ChildReport } from '../../../supervisor/child/child-link.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

export const CHILD_TOKEN = 'child-token-of-the-test';

const AT = '2026-01-05T02:00:00.000Z';

export function updateView(id: string, more: Partial<UpdateView> = {}): UpdateView {
  return { id, kind: 'update', state: 'running', orderedAt: AT, steps: [], cancellable: true, ...more };
}

/** An application that notes what it is asked, and answers what the test told it to. */
export function fakeApplication() {
  const calls: { readonly act: string; readonly about: unknown; readonly caller?: Caller }[] = [];
  const updates = new Map<string, UpdateView>([['known-update', updateView('known-update')]]);
  const events: ApplicationEvent[] = [];
  const waiting = new Set<() => void>();
  const answers: { order: Result<UpdateView> | undefined; throws: boolean } = { order: undefined, throws: false };
  const note = (act: string, about: unknown, caller?: Caller): void => {
    calls.push({ act, about, ...(caller === undefined ? {} : { caller }) });
  };
  const settle = (act: string, about: unknown, caller?: Caller): Promise<Result<void>> => {
    note(act, about, caller);
    return Promise.resolve(succeed());
  };
  const order = (act: string, id: string | undefined, about: unknown, caller: Caller): Promise<Result<UpdateView>> => {
    note(act, about, caller);
    const view = updateView(id ?? 'new-update');
    updates.set(view.id, view);
    return Promise.resolve(answers.order ?? succeed(view));
  };
  const application: Application = {
    status: (language) => {
      if (answers.throws) throw new Error('a bug with a secret stack');
      note('status', language);
      return Promise.resolve({
        name: 'OM Business',
        state: 'up',
        version: '13.2',
        launcherVersion: '0.1.0',
        launcherProcessId: 1,
        warnings: ['wide rights'],
      });
    },
    releases: () => Promise.resolve(succeed([{ version: '13.2', state: 'live' }])),
    check: () => Promise.resolve(succeed({ upToDate: true })),
    history: (_language, limit) => {
      note('history', limit);
      return Promise.resolve([]);
    },
    orderUpdate: (about, caller) => order('update', about.id, about, caller),
    tryUpdate: (about, caller) => {
      note('try', about, caller);
      return Promise.resolve(succeed([{ check: 'space', ok: false, detail: '0.3 GB free' }]));
    },
    update: (id) => Promise.resolve(updates.get(id)),
    cancelUpdate: (id, caller) => settle('cancel', id, caller),
    postponeUpdate: (id, seconds) => settle('postpone', { id, seconds }),
    continueUpdate: (id) => settle('continue', id),
    orderRollback: (about, caller) => order('rollback', about.id, about, caller),
    serverAct: (act, caller) => settle(act, undefined, caller),
    notices: (since) => [{ id: `after-${since ?? 'start'}`, at: AT, text: 'Save now and leave', secondsLeft: 60 }],
    async *events(lastId, signal) {
      let next = lastId ?? events.at(-1)?.id ?? 0;
      while (!signal.aborted) {
        const event = events.find(({ id }) => id > next);
        if (event !== undefined) {
          next = event.id;
          yield event;
          continue;
        }
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    metrics: () => 'om_up 1\n',
    explain: (fault, language) => ({ message: `${fault.code} (${language})`, remedy: 'ask again' }),
  };
  const publish = (event: Omit<ApplicationEvent, 'id' | 'at'>): number => {
    const id = (events.at(-1)?.id ?? 0) + 1;
    events.push({ ...event, id, at: AT });
    const woken = [...waiting];
    waiting.clear();
    woken.forEach((wake) => wake());
    return id;
  };
  return { application, calls, updates, answers, publish, waitingReaders: () => waiting.size };
}

/** A link that hands out the orders that the test puts in, and keeps what it receives. */
export function fakeChildLink() {
  const orders: ChildOrder[] = [];
  const reports: Omit<ChildReport, 'receivedAt'>[] = [];
  const takers: ((order: ChildOrder | undefined) => void)[] = [];
  const waits: number[] = [];
  const childLink: ChildLink = {
    report: () => undefined,
    cooperates: () => true,
    give: () => Promise.resolve(true),
    onReport: () => () => undefined,
    renew: () => Promise.resolve(CHILD_TOKEN),
    restore: () => undefined,
    accepts: (token) => token === CHILD_TOKEN,
    receive: (report) => void reports.push(report),
    take: (waitMs, signal) => {
      waits.push(waitMs);
      const order = orders.shift();
      if (order !== undefined || waitMs === 0) return Promise.resolve(order);
      return new Promise((resolve) => {
        takers.push(resolve);
        signal?.addEventListener('abort', () => resolve(undefined), { once: true });
      });
    },
  };
  const put = (order: ChildOrder): void => {
    const taker = takers.shift();
    if (taker === undefined) orders.push(order);
    else taker(order);
  };
  return { childLink, reports, waits, put, waiting: () => takers.length };
}

export interface OpenPort extends ReturnType<typeof fakeApplication>, ReturnType<typeof fakeChildLink> {
  readonly port: Port;
  readonly platform: Platform;
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly stateFolder: string;
  readonly socketPath: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly listening: Listening;
}

/** A port on real sockets around the fakes; closed when the test ends. */
export async function openPort(options: Partial<PortOptions> = {}): Promise<OpenPort> {
  const fakes = { ...fakeApplication(), ...fakeChildLink() };
  const platform = openPlatform();
  const log = createRecordingLog();
  const stateFolder = options.stateFolder ?? temporaryFolder('port');
  const port = createPort(
    { ...platform, application: fakes.application, childLink: fakes.childLink, log },
    {
      stateFolder,
      listen: { host: '127.0.0.1', port: 0 },
      names: ['om.example.test'],
      open: [],
      language: 'en',
      version: '0.1.0',
      ...options,
    },
  );
  onTestFinished(() => port.close());
  const opened = await port.listen();
  if (!opened.ok) throw new Error(`${opened.fault.code}: ${opened.fault.detail}`);
  const { socketPath, tcp } = opened.value;
  const address = tcp ?? { host: '127.0.0.1', port: 0 };
  return { ...fakes, port, platform, log, stateFolder, socketPath, address, listening: opened.value };
}

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: Record<string, unknown> | undefined;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: object | string;
  readonly tls?: { readonly ca: string };
  readonly localAddress?: string;
}

/** One request on a connection of its own. */
export function ask(
  target: { readonly host: string; readonly port: number } | string,
  path: string,
  what: Ask = {},
): Promise<Exchange> {
  const { method = 'GET', headers = {}, body, tls, localAddress } = what;
  const where = typeof target === 'string' ? { socketPath: target, host: 'localhost' } : target;
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const type =
    sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(sent)}` };
  const settings = {
    ...where,
    path,
    method,
    headers: { ...type, ...headers },
    agent: false,
    timeout: 15_000,
    ...tls,
    localAddress,
  };
  return new Promise((resolve, reject) => {
    const request = (tls === undefined ? sendHttp : sendHttps)(settings, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)));
    request.on('error', reject);
    request.end(sent);
  });
}

export async function ticketOf({ address }: OpenPort, user = 'Designer'): Promise<string> {
  const body = { user, language: 'fr-CH', email: 'admin@example.test' };
  const issued = await ask(address, '/v1/tickets', {
    method: 'POST',
    headers: { authorization: `Child ${CHILD_TOKEN}` },
    body,
  });
  return String(issued.body?.['ticket']);
}

export function runningFault(updateId: string): Result<never> {
  return fail(faultOf('update-running', 'an update runs', { values: { updateId } }));
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
