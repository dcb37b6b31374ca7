import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import type { OpenData } from './data-file.ts';
import type { LauncherLink } from './launcher-link.ts';
import type { User } from './release.ts';
import type { Session, Sessions } from './sessions.ts';

export interface BasePortOptions {
  readonly port: number;
  readonly certificate: { readonly key: Buffer; readonly cert: Buffer };
  readonly users: readonly User[];
  readonly sessions: Sessions;
  readonly data: OpenData;
  /** Undefined for a server that does not cooperate. */
  readonly link: LauncherLink | undefined;
  readonly onBackup: (milliseconds: number) => void;
}

/** Clients send lines of at most this many characters. */
const LINE_LIMIT = 4096;

/**
 * The port of OM Client: TLS and lines. A client sends `login USER PASSWORD`, `work TEXT`, `save`, `order-update {json}`,
 * `backup MS`, `bye`; each is answered by `ok {json}` or `error WHY`. Pushed lines: `notice {json}` and `bye WHY`.
 */
export async function openBasePort(options: BasePortOptions): Promise<tls.Server> {
  const server = tls.createServer(options.certificate, (socket) => serve(socket, options));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function serve(socket: tls.TLSSocket, options: BasePortOptions): void {
  let session: Session | undefined;
  let turn = Promise.resolve();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (session) options.sessions.leave(session);
  });
  const input = createInterface({ input: socket });
  // Passed on from the socket, which is gone: one client's reset must not end the server.
  input.on('error', () => undefined);
  input.on('line', (line) => {
    // One line after the other: a client that saves and leaves in one breath must not lose its record.
    turn = turn.then(async () => {
      try {
        const answer = await answerTo(line.slice(0, LINE_LIMIT));
        if (!socket.destroyed) socket.write(`ok ${JSON.stringify(answer)}\n`);
        if (line === 'bye') socket.end('bye left\n');
      } catch (error) {
        if (!socket.destroyed) socket.write(`error ${error instanceof Error ? error.message : String(error)}\n`);
      }
    });
  });

  async function answerTo(line: string): Promise<unknown> {
    const [verb, rest] = splitOnce(line);
    if (verb === 'login') {
      session = login(rest, socket, options);
      return { id: session.id };
    }
    if (!session) throw new Error('login-first');
    return act(verb, rest, session, options);
  }
}

function login(rest: string, socket: tls.TLSSocket, { users, sessions }: BasePortOptions): Session {
  const [name, password] = splitOnce(rest);
  const digest = createHash('sha256').update(`${name}:${password}`).digest('hex');
  const user = users.find((candidate) => candidate.name === name && candidate.digest === digest);
  if (!user) throw new Error('wrong-password');
  const session = sessions.open(user.name, user.administrator, socket);
  if (!session) throw new Error('logins-refused');
  return session;
}

async function act(verb: string, rest: string, session: Session, options: BasePortOptions): Promise<unknown> {
  switch (verb) {
    case 'work':
      session.unsaved = rest;
      return {};
    case 'save':
      if (session.unsaved !== undefined) options.data.add(session.user, session.unsaved);
      delete session.unsaved;
      return {};
    case 'order-update':
      return await orderTicket(rest, session, options.link);
    case 'backup':
      options.onBackup(Number(rest));
      return {};
    case 'bye':
      options.sessions.leave(session);
      return {};
    default:
      throw new Error('unknown-verb');
  }
}

/** The client orders the update from the launcher itself, with a ticket that only this server can obtain. */
async function orderTicket(rest: string, session: Session, link: LauncherLink | undefined): Promise<unknown> {
  if (!session.administrator) throw new Error('administrator-only');
  if (!link) throw new Error('no-launcher');
  const { language, email } = JSON.parse(rest) as { readonly language?: string; readonly email?: string };
  const ticket = await link.ticket({
    user: session.user,
    ...(language === undefined ? {} : { language }),
    ...(email === undefined ? {} : { email }),
  });
  return { ticket, launcher: link.launcherUrl };
}

function splitOnce(line: string): readonly [string, string] {
  const space = line.indexOf(' ');
  return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
}
