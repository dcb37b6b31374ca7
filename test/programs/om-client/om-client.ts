import { once } from 'node:events';
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import type { Language } from '../../../supervisor/sessions/sessions.ts';
import { type LauncherOrder, orderFromLauncher, type UpdateWishes } from './launcher-order.ts';

export interface OmClientOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The language in which notices are shown. Default `en`. */
  readonly language?: Language;
}

/** An alert as the user sees it. */
export interface ShownNotice {
  readonly id: string;
  readonly text: string;
  readonly secondsLeft?: number;
  /** Wall-clock milliseconds. */
  readonly at: number;
}

/** A workstation that is connected to the server. Refusals of the server are thrown as errors with its words. */
export interface OmClient {
  login(): Promise<void>;
  /** Types into a record: lost unless it is saved. */
  work(text: string): Promise<void>;
  save(): Promise<void>;
  /** Lets the server's own backup run for a while. */
  backup(milliseconds: number): Promise<void>;
  /** As Administrator: takes a ticket from the server and orders the update from the launcher. */
  orderUpdate(wishes: UpdateWishes): Promise<LauncherOrder>;
  /** All notices so far, oldest first. */
  notices(): readonly ShownNotice[];
  onNotice(listener: (notice: ShownNotice) => void): () => void;
  /** Resolves with the server's reason, or `connection lost`. */
  readonly closed: Promise<string>;
  leave(): Promise<void>;
  /** Pulls the cable. */
  destroy(): void;
}

const ANSWER_LIMIT_MS = 10_000;

/** Opens the connection; the stand-in server's certificate is its own, as it is at customers. */
export async function connectClient(options: OmClientOptions): Promise<OmClient> {
  const socket = tls.connect({ host: options.host, port: options.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const lines = readLines(socket, options.language ?? 'en');
  const ask = (line: string): Promise<unknown> => {
    socket.write(`${line}\n`);
    return lines.nextAnswer();
  };
  const tell = async (line: string): Promise<void> => {
    await ask(line);
  };
  return {
    login: () => tell(`login ${options.user} ${options.password}`),
    work: (text) => tell(`work ${text}`),
    save: () => tell('save'),
    backup: (milliseconds) => tell(`backup ${milliseconds}`),
    orderUpdate: async (wishes) => {
      const answer = await ask(`order-update ${JSON.stringify({ email: wishes.email, language: wishes.language })}`);
      return orderFromLauncher(answer as { readonly ticket: string; readonly launcher: string }, wishes);
    },
    notices: () => lines.notices,
    onNotice: (listener) => {
      lines.listeners.add(listener);
      return () => lines.listeners.delete(listener);
    },
    closed: lines.closed,
    leave: async () => {
      await ask('bye');
      await lines.closed;
    },
    destroy: () => socket.destroy(),
  };
}

interface Lines {
  nextAnswer(): Promise<unknown>;
  readonly notices: ShownNotice[];
  readonly listeners: Set<(notice: ShownNotice) => void>;
  readonly closed: Promise<string>;
}

/** Sorts what the server sends: answers come in the order of the questions, everything else is pushed. */
function readLines(socket: tls.TLSSocket, language: Language): Lines {
  const waiting: PromiseWithResolvers<unknown>[] = [];
  const notices: ShownNotice[] = [];
  const listeners = new Set<(notice: ShownNotice) => void>();
  const closed = Promise.withResolvers<string>();
  let reason = 'connection lost';

  const input = createInterface({ input: socket });
  // Passed on from the socket.
  input.on('error', () => undefined);
  input.on('line', (line) => {
    if (line.startsWith('ok ')) waiting.shift()?.resolve(JSON.parse(line.slice(3)));
    else if (line.startsWith('error ')) waiting.shift()?.reject(new Error(line.slice(6)));
    else if (line.startsWith('bye ')) reason = line.slice(4);
    else if (line.startsWith('notice ')) show(line.slice(7));
  });
  // A reset is an end like any other: `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const question of waiting.splice(0)) question.reject(new Error(reason));
    closed.resolve(reason);
  });

  function show(json: string): void {
    const { id, text, secondsLeft } = JSON.parse(json) as {
      readonly id: string;
      readonly text: Readonly<Record<string, string>>;
      readonly secondsLeft?: number;
    };
    const words = text[language] ?? text['en'] ?? '';
    const notice = { id, text: words, at: Date.now(), ...(secondsLeft === undefined ? {} : { secondsLeft }) };
    notices.push(notice);
    for (const listener of listeners) listener(notice);
  }

  return {
    notices,
    listeners,
    closed: closed.promise,
    nextAnswer: () => {
      if (socket.destroyed) return Promise.reject(new Error(reason));
      const question = Promise.withResolvers<unknown>();
      waiting.push(question);
      const timer = setTimeout(() => question.reject(new Error('no answer')), ANSWER_LIMIT_MS);
      return question.promise.finally(() => clearTimeout(timer));
    },
  };
}
