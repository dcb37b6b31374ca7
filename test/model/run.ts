import { type FaultCode } from '../../platform/fault.ts';
import type { JournalEntry } from '../../installer/update/journal-entry.ts';
import { checkAtRest } from './properties.ts';
import { createDraws } from './random.ts';
import { drawScenario, type Happening, OLD, type Scenario } from './scenario.ts';
import { createVirtualLauncher, type Defect, type VirtualLauncher } from './virtual-launcher.ts';
import { ORDERS_FOLDER, PLACES, type Strike, type Violation, VirtualMachine } from './virtual-machine.ts';

export interface RunReport {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The story of the run, a line an event. */
  readonly moves: readonly string[];
  /** Kills and power cuts that fell. */
  readonly cuts: number;
  readonly outcomes: readonly string[];
}

export interface RunOptions {
  readonly defect?: Defect;
  readonly honestDisk?: boolean;
}

/** One run: a machine, its orders, whatever strikes, then quiet until everything has come to rest. */
export async function runModel(seed: number, options: RunOptions = {}): Promise<RunReport> {
  const draws = createDraws(seed);
  const machine = new VirtualMachine(draws, { honestDisk: options.honestDisk ?? true });
  const scenario = drawScenario(draws, machine);
  await machine.install(OLD);
  const run = new Run(machine, scenario, options.defect ?? {});
  await run.play();
  const outcomes = await checkAtRest(machine, scenario, run.rested);
  return { seed, violations: machine.violations, moves: machine.moves, cuts: run.cuts, outcomes };
}

/** Boots that one run may take: every cut one, and some to come to rest. */
const BOOTS_LIMIT = 20;
/** Virtual time in which everything must have come to rest. */
const REST_LIMIT_MS = 6 * 3_600_000;

class Run {
  cuts = 0;
  /** False when the run did not come to rest. */
  rested = false;
  private launcher: VirtualLauncher | undefined;
  private pending: 'kill' | 'power-cut' | 'leave' | 'stop' | undefined;
  private fault: { readonly code: FaultCode; left: number } | undefined;
  private readFault: { readonly code: FaultCode; left: number } | undefined;
  private told: JournalEntry | undefined;
  private ordered = 0;
  private adversity = true;
  private readonly machine: VirtualMachine;
  private readonly scenario: Scenario;
  private readonly defect: Defect;

  constructor(machine: VirtualMachine, scenario: Scenario, defect: Defect) {
    this.machine = machine;
    this.scenario = scenario;
    this.defect = defect;
  }

  async play(): Promise<void> {
    const { machine, scenario } = this;
    for (const { atMs, what } of scenario.happenings) machine.clock.after(atMs, () => this.happen(what));
    for (let boot = 0; boot < BOOTS_LIMIT; boot += 1) {
      if (boot === BOOTS_LIMIT / 2) this.adversity = false;
      const end = await this.liveOnce();
      if (end === 'at rest') {
        this.rested = true;
        await this.launcher?.close('leave');
        machine.endLauncher();
        return;
      }
      if (end === 'tired') return;
      await this.takeDown(end);
    }
  }

  /** One launcher from its start until it is cut off, or nothing happens any more. */
  private async liveOnce(): Promise<Strike['kind'] | 'at rest' | 'tired'> {
    const { machine, scenario, defect } = this;
    machine.story('a launcher starts');
    const launcher = createVirtualLauncher({
      machine,
      releases: scenario.releases,
      policy: scenario.policy,
      before: this.beforeCallOf(machine.generation + 1),
      beforeRead: (call, path) => this.readFaultAt(call, path),
      defect,
    });
    this.launcher = launcher;
    launcher.updates.subscribe(({ journal }) => this.tellEntry(journal.at(-1)));
    const began = { done: false };
    void launcher.start().then(() => (began.done = true));
    const until = machine.clock.passed + REST_LIMIT_MS;
    let ordering = false;
    for (;;) {
      await quiet();
      if (this.pending !== undefined) return this.pending;
      if (began.done && !ordering && this.isCalm(launcher)) {
        // What could not be read at the start waits for the next one, and so does every order.
        if (launcher.updates.blocked() !== undefined || this.isStranger(launcher)) {
          machine.wasStuck = true;
          return 'leave';
        }
        const order = scenario.orders[this.ordered];
        if (order === undefined) return 'at rest';
        ordering = true;
        machine.story(`${order.kind} ${order.version ?? ''} is ordered as ${order.id}`);
        machine.vouched = false;
        machine.versionBeforeOrder = machine.versionAt(PLACES.bundle);
        void launcher.updates.order(order).then((answer) => {
          if (answer.ok) this.ordered += 1;
          else machine.story(`the order is refused: ${answer.fault.code} ${answer.fault.detail}`);
          if (scenario.oldBreaks) this.breakOld();
          machine.clock.after(answer.ok ? 0 : ORDER_AGAIN_MS, () => (ordering = false));
        });
        continue;
      }
      if (!machine.clock.ringNext() || machine.clock.passed > until) return 'tired';
    }
  }

  /** No order runs, and the server is where it will stay. */
  private isCalm({ updates, server }: VirtualLauncher): boolean {
    const state = server.state();
    const steady =
      state.kind === 'up' ||
      state.kind === 'degraded' ||
      (state.kind === 'waiting' &&
        state.attempt > 12 &&
        ((this.fault?.left ?? 0) === 0 || this.isStranger({ server })));
    return updates.running() === undefined && steady;
  }

  /** A server runs whose record could not be read for seconds when this launcher started: the next one will know it. */
  private isStranger({ server }: Pick<VirtualLauncher, 'server'>): boolean {
    return server.state().kind === 'waiting' && this.machine.living().length > 0;
  }

  private tellEntry(entry: JournalEntry | undefined): void {
    if (entry === undefined || entry === this.told) return;
    this.told = entry;
    const step = 'step' in entry ? ` ${entry.step}` : '';
    const why = 'fault' in entry ? ` (${entry.fault.code}: ${entry.fault.detail})` : '';
    this.machine.story(`  ${entry.kind}${step}${why}${entry.kind === 'settled' ? ` ${entry.outcome}` : ''}`);
  }

  private breakOld(): void {
    const { behaviours } = this.machine;
    const behaviour = behaviours.get(OLD);
    if (behaviour !== undefined) behaviours.set(OLD, { ...behaviour, start: 'exits' });
  }

  private beforeCallOf(generation: number) {
    const { machine, scenario } = this;
    return async (call: string, path: string): Promise<FaultCode | undefined> => {
      await Promise.resolve();
      if (machine.generation !== generation) return dead();
      machine.calls += 1;
      const strike = this.adversity ? scenario.strikes.get(machine.calls) : undefined;
      if (strike?.kind === 'fault') this.fault = { code: strike.code, left: strike.calls };
      else if (strike !== undefined) {
        machine.story(`${strike.kind} before ${call} ${path}`);
        this.pending = strike.kind;
        if (strike.kind === 'kill' || strike.kind === 'power-cut') {
          machine.endLauncher();
          return dead();
        }
      }
      return this.faultAt(call, path);
    };
  }

  private readFaultAt(call: string, path: string): FaultCode | undefined {
    const { machine, scenario } = this;
    machine.reads += 1;
    const struck = this.adversity ? scenario.readFaults.get(machine.reads) : undefined;
    if (struck !== undefined) this.readFault = { code: struck.code, left: struck.calls };
    const fault = this.readFault;
    // Whoever only looks at a name opens no file.
    if (fault === undefined || fault.left <= 0 || (call === 'lstat' && fault.code !== 'io-error')) return undefined;
    fault.left -= 1;
    machine.story(`${fault.code} at ${call} ${path}`);
    return fault.code;
  }

  private faultAt(call: string, path: string): FaultCode | undefined {
    const { fault, machine } = this;
    if (fault === undefined || fault.left <= 0) return undefined;
    // A program that cannot be started for long is another story: the supervisor tries again, ever more slowly.
    if (call === 'spawn' && fault.left > 3) return undefined;
    const frees = call === 'unlink' || call === 'read' || call === 'fsync';
    if (!path.startsWith('/') || (fault.code === 'disk-full' && frees)) {
      // Room is made by what is removed: the journal's reserve is for that.
      if (call === 'unlink') this.fault = undefined;
      return undefined;
    }
    fault.left -= 1;
    if (path.startsWith(ORDERS_FOLDER)) machine.wasStuck = true;
    machine.story(`${fault.code} at ${call} ${path}`);
    return fault.code;
  }

  private async takeDown(end: Strike['kind']): Promise<void> {
    const { machine } = this;
    this.pending = undefined;
    if (end === 'leave' || end === 'stop') await this.closePolitely(end);
    machine.stoppedByPerson = false;
    machine.endLauncher();
    if (end === 'power-cut') machine.cutPower();
    this.cuts += 1;
    const wait = machine.clock.passed + machine.draws.oneOf([0, 0, 1_000, 120_000]);
    let over = false;
    machine.clock.after(wait - machine.clock.passed, () => (over = true));
    while (!isTrue(over)) machine.clock.ringNext();
    this.pending = undefined;
  }

  private async closePolitely(what: 'leave' | 'stop'): Promise<void> {
    const { machine, launcher } = this;
    machine.stoppedByPerson = what === 'stop';
    let closed = false;
    void launcher?.close(what).then(() => (closed = true));
    while (!isTrue(closed) && this.pending === undefined) {
      await quiet();
      if (!isTrue(closed) && !machine.clock.ringNext()) break;
    }
  }

  private happen(what: Happening): void {
    const { machine, launcher } = this;
    if (!this.adversity || this.rested) return;
    machine.story(what);
    const id = this.scenario.orders[this.ordered - 1]?.id ?? 'none';
    switch (what) {
      case 'cancel':
        return void launcher?.updates.cancel(id, 'model');
      case 'postpone':
        return void launcher?.updates.postpone(id, 30);
      case 'continue':
        return void launcher?.updates.continueEarly(id).then(({ ok }) => (machine.vouched ||= ok));
      case 'clock forward': {
        machine.clock.jump(86_400_000);
        return;
      }
      case 'clock back': {
        machine.clock.jump(-86_400_000);
        return;
      }
      case 'network down':
      case 'network hangs':
        machine.network = what === 'network down' ? 'down' : 'hanging';
        machine.clock.after(NETWORK_OUTAGE_MS, () => (machine.network = 'up'));
        return;
      case 'network up':
        machine.network = 'up';
        return;
      case 'backup':
        machine.backupUntil = machine.clock.passed + 20_000;
        return;
      case 'server crash': {
        machine.living().forEach((server) => server.end({ kind: 'signalled', signal: 'SIGSEGV' }));
        return;
      }
      case 'kill':
      case 'power-cut':
        machine.endLauncher();
        this.pending = what;
    }
  }
}

/** A person who was refused tries again. */
const ORDER_AGAIN_MS = 5_000;
const NETWORK_OUTAGE_MS = 100_000;

/** Whoever calls after his death never hears back. */
async function dead(): Promise<never> {
  return new Promise(() => undefined);
}

/** Everybody has had his say: promises are settled before the next turn of the event loop begins. */
async function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Asked anew each time: what a callback sets, the compiler takes for impossible. */
function isTrue(value: boolean): boolean {
  return value;
}
