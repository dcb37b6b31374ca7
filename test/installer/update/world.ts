import type { Fault } from '../../../platform/fault.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { Journal } from '../../../installer/update/journal.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import { PIPELINE, type StepName } from '../../../installer/update/pipeline.ts';
import { type RunEnd, runOrder } from '../../../installer/update/run.ts';
import type { StepContext, Steps } from '../../../installer/update/step.ts';
import type { UpdateTools } from '../../../installer/update/tools.ts';

type Version = 'old' | 'new';

/** A machine in miniature on which each act can be the last one before the power goes. */
export class World {
  bundle: Version = 'old';
  server: Version | 'none' = 'old';
  data: Version = 'old';
  backedUp = false;
  recorded: Version = 'old';
  mails = 0;
  acts = 0;
  startsOf: Record<Version, number> = { old: 0, new: 0 };
  readonly entries: JournalEntry[];
  private cut: () => void = () => undefined;
  private readonly cuts: ReadonlySet<number>;
  private readonly broken: ReadonlySet<string>;

  /** `cuts`: numbers of the acts at which the power goes; `broken`: steps that fail, `undo stop` for an undo. */
  constructor(order: Order, cuts: ReadonlySet<number>, broken: ReadonlySet<string>) {
    this.entries = [{ kind: 'ordered', at: 0, order }];
    this.cuts = cuts;
    this.broken = broken;
  }

  /** Runs the order through as many power cuts as are planned, to its end. */
  async runThroughCuts(): Promise<RunEnd> {
    for (;;) {
      const powerCut = new Promise<'cut'>((resolve) => {
        this.cut = () => resolve('cut');
      });
      const end = await Promise.race([this.runOnce(), powerCut]);
      if (end !== 'cut') {
        return end;
      }
      this.server = 'none';
    }
  }

  private async runOnce(): Promise<RunEnd> {
    const tools = {} as UpdateTools;
    let now = 0;
    return runOrder({
      journal: this.journal(),
      steps: this.steps(),
      tools,
      clock: {
        now: () => now,
        monotonic: () => now,
        sleep: async (milliseconds) => {
          now += milliseconds;
          return Promise.resolve('elapsed');
        },
      },
      shutdown: new AbortController().signal,
      cancelled: new AbortController().signal,
      onNote: () => undefined,
    });
  }

  /** A power cut before a line is on disk, and one after it. */
  private journal(): Journal {
    return {
      entries: this.entries,
      inherited: this.entries.length,
      append: async (entry): Promise<Result<void>> => {
        await this.act();
        this.entries.push(entry);
        await this.act();
        return succeed();
      },
      appendIf: async (entry, holds) => {
        await this.act();
        if (!holds(this.entries)) {
          return succeed(false);
        }
        this.entries.push(entry);
        await this.act();
        return succeed(true);
      },
    };
  }

  private async act(): Promise<void> {
    this.acts += 1;
    if (this.cuts.has(this.acts)) {
      this.cut();
      // The power is gone: whoever waits here never goes on.
      await new Promise<never>(() => undefined);
    }
  }

  private steps(): Steps {
    const run: Partial<Record<StepName, (context: StepContext) => void>> = {
      stop: () => (this.server = 'none'),
      backUp: () => (this.backedUp = true),
      swap: () => (this.bundle = 'new'),
      start: () => this.startServer(),
      commit: () => (this.recorded = 'new'),
      notify: () => (this.mails = 1),
    };
    const undo: Partial<Record<StepName, () => void>> = {
      start: () => (this.server = 'none'),
      swap: () => (this.bundle = 'old'),
      backUp: () => {
        this.data = this.backedUp ? 'old' : this.data;
      },
      stop: () => this.startServer(),
    };
    const steps = PIPELINE.map(({ step }) => [
      step,
      {
        run: async (context: StepContext) => this.perform(step, () => run[step]?.(context)),
        undo: async () => this.perform(`undo ${step}`, () => undo[step]?.()),
      },
    ]);
    // Facts are not read by these steps, so empty ones serve for all of them.
    return Object.fromEntries(steps) as Steps;
  }

  private async perform(name: string, effect: () => void): Promise<Result<never>> {
    await this.act();
    effect();
    await this.act();
    return this.broken.has(name) ? fail(brokenFault(name)) : (succeed({}) as Result<never>);
  }

  /** The new version converts the data as it starts. A crash before left a running server to nobody: there is one at most. */
  private startServer(): void {
    this.startsOf[this.bundle] += 1;
    this.server = this.bundle;
    this.data = this.bundle === 'new' ? 'new' : this.data;
  }
}

function brokenFault(name: string): Fault {
  return faultOf('server-not-ready', `${name} is broken`);
}
