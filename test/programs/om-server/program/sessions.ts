import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

/** One connection of OM Client, from its login to its end. */
export interface Session {
  readonly id: string;
  readonly user: string;
  readonly administrator: boolean;
  readonly workstation: string;
  readonly socket: Socket;
  /** The text of a record that was not saved yet. */
  unsaved?: string;
}

export interface Sessions {
  list(): readonly Session[];
  /** Undefined while logins are refused. */
  open(user: string, administrator: boolean, socket: Socket): Session | undefined;
  leave(session: Session): void;
  refuse(refused: boolean): void;
  refused(): boolean;
  /** A line to every client. */
  push(line: string): void;
  closeAll(reason: string): void;
  /** Records that were cut off before they were saved. */
  lostRecords(): number;
}

/** `onChange` is called after each opening and end of a session. */
export function createSessions(onChange: () => void): Sessions {
  const open = new Map<string, Session>();
  let loginsRefused = false;
  let lost = 0;

  function leave(session: Session): void {
    if (!open.delete(session.id)) return;
    if (session.unsaved !== undefined) lost += 1;
    onChange();
  }

  return {
    list: () => [...open.values()],
    open: (user, administrator, socket) => {
      if (loginsRefused) return undefined;
      const workstation = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
      const session: Session = { id: randomUUID(), user, administrator, workstation, socket };
      open.set(session.id, session);
      onChange();
      return session;
    },
    leave,
    refuse: (refused) => {
      loginsRefused = refused;
    },
    refused: () => loginsRefused,
    push: (line) => {
      for (const session of open.values()) session.socket.write(`${line}\n`);
    },
    closeAll: (reason) => {
      for (const session of [...open.values()]) {
        session.socket.end(`bye ${reason}\n`);
        leave(session);
      }
    },
    lostRecords: () => lost,
  };
}
