import type { ProcessExit, ProcessIdentity } from '../../platform/processes.ts';
import type { ChildLink } from '../../supervisor/child/child-link.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** How the server of one version behaves. */
export interface Behaviour {
  /** What it makes of the data at its start. */
  readonly dataFormat: number;
  readonly start: 'ready' | 'exits' | 'hangs' | 'dies-when-ready' | 'lies-about-its-version';
  readonly startMs: number;
  readonly convertMs: number;
  /** How long it takes to end when it is asked; undefined = it does not listen. */
  readonly stopMs: number | undefined;
  /** So long not even a kill ends it (a disk that does not answer). */
  readonly unkillableMs: number;
}

interface User {
  /** Until when they may work, as they were told; undefined while they were told nothing. */
  until: number | undefined;
}

const REPORT_EVERY_MS = 10_000;
/** Seconds are told whole. */
const ROUNDING_MS = 1_000;

/** One server process on the virtual machine. */
export class VirtualServer {
  alive = true;
  users: User[] = [];
  loginsRefused = false;
  ready = false;
  readonly identity: ProcessIdentity;
  readonly nonce: string;
  readonly version: string;
  private readonly machine: VirtualMachine;
  private readonly behaviour: Behaviour;
  private readonly token: string;
  private readonly exits: ((exit: ProcessExit) => void)[] = [];
  converting = false;
  private stopping = false;

  constructor(
    machine: VirtualMachine,
    identity: ProcessIdentity,
    start: { readonly nonce: string; readonly token: string; readonly version: string; readonly behaviour: Behaviour },
  ) {
    this.machine = machine;
    this.identity = identity;
    this.nonce = start.nonce;
    this.token = start.token;
    this.version = start.version;
    this.behaviour = start.behaviour;
  }

  /** Opens the data, converts it if need be, and becomes ready, or does not. */
  begin(): void {
    this.machine.boardUntil = undefined;
    const { machine, behaviour } = this;
    const format = machine.dataFormat();
    if (behaviour.start === 'exits' || format > behaviour.dataFormat || !this.canRead(format)) {
      this.later(behaviour.startMs / 2, () => this.end({ kind: 'exited', code: 4 }));
      return;
    }
    if (format === behaviour.dataFormat) {
      this.later(behaviour.startMs, () => this.becomeReady());
      return;
    }
    this.converting = true;
    this.later(behaviour.startMs / 2, () => machine.setDataFormat(HALF_CONVERTED));
    this.later(behaviour.startMs + behaviour.convertMs, () => {
      this.converting = false;
      machine.setDataFormat(behaviour.dataFormat);
      this.becomeReady();
    });
  }

  /** Only the version that converts goes on with what a conversion left half-done. */
  private canRead(format: number): boolean {
    return format !== HALF_CONVERTED || this.behaviour.dataFormat > 1;
  }

  private becomeReady(): void {
    const { machine, behaviour } = this;
    if (behaviour.start === 'hangs') return;
    this.ready = true;
    this.report();
    if (behaviour.start === 'dies-when-ready') {
      this.later(500, () => this.end({ kind: 'signalled', signal: 'SIGSEGV' }));
    }
    for (let user = 0; user < machine.usersOfEachStart; user += 1) this.later(3_000 + 1_500 * user, () => this.logIn());
  }

  private logIn(): void {
    if (!this.loginsRefused && !this.stopping) this.users.push({ until: this.machine.boardUntil });
  }

  /** To the launcher of the moment, if it takes this server's token. */
  report(): void {
    const link: ChildLink | undefined = this.machine.link;
    if (link?.accepts(this.token) === true) {
      const lies = this.behaviour.start === 'lies-about-its-version';
      link.receive({ ready: this.ready, version: lies ? '6.6.6' : this.version });
    }
    this.later(REPORT_EVERY_MS, () => this.report());
  }

  tell(secondsLeft: number | undefined): void {
    for (const user of this.users) {
      const until = secondsLeft === undefined ? undefined : this.machine.clock.passed + secondsLeft * 1_000;
      user.until = until === undefined ? undefined : Math.max(until, user.until ?? 0);
    }
  }

  /** Everybody is out now; those who were promised more time are a broken promise. */
  cutUsersOff(why: string): void {
    if (this.machine.stoppedByPerson) return;
    const early = this.users.filter(({ until }) => (until ?? 0) - ROUNDING_MS > this.machine.clock.passed);
    if (early.length > 0 && !(this.machine.sessionsHidden && this.machine.vouched))
      this.machine.violated('users', `${early.length} users were cut off early by ${why}`);
    const untold = this.users.filter(({ until }) => until === undefined);
    if (untold.length > 0 && !this.machine.wasStuck && this.version === this.machine.versionBeforeOrder) {
      this.machine.violated('users', `${untold.length} users were cut off without a word by ${why}`);
    }
    this.users = [];
  }

  signal(name: string): void {
    const { stopMs, unkillableMs } = this.behaviour;
    this.stopping = true;
    if (name === 'kill') {
      this.later(unkillableMs, () => this.end({ kind: 'signalled', signal: 'SIGKILL' }));
    } else if (stopMs !== undefined) {
      this.later(stopMs, () => this.end({ kind: 'exited', code: 0 }));
    }
    this.cutUsersOff(`signal ${name}`);
  }

  end(exit: ProcessExit): void {
    if (!this.alive) return;
    this.alive = false;
    this.users = [];
    this.machine.story(`server ${this.version} ended`);
    for (const told of this.exits.splice(0)) told(exit);
  }

  onExit(told: (exit: ProcessExit) => void): void {
    if (this.alive) this.exits.push(told);
    else told({ kind: 'gone' });
  }

  private later(milliseconds: number, act: () => void): void {
    this.machine.clock.after(milliseconds, () => {
      if (this.alive) act();
    });
  }
}

/** Neither the old format nor the new one: only a version that converts can go on from here. */
export const HALF_CONVERTED = 0;
