import type { ActsAtOnce } from '../../platform/acts-at-once.ts';
import { succeed } from '../../platform/result.ts';
import { keepWithinBudget } from './budget.ts';
import { cutPieces } from './cut-pieces.ts';
import { finishUnfinished } from './finish-unfinished.ts';
import { lookAtOutput, writeCatalogue } from './output-folder.ts';
import { outputFileIn } from './output-names.ts';
import type { KeeperState, OutputParts } from './output-parts.ts';
import { setAside, setAsideAtOnce } from './set-aside.ts';
import { createTurns, type Turns } from './turns.ts';

/**
 * Cuts the server's output into files of a size and age, while the server writes on, and keeps the folder within its budget.
 *
 * Nothing here is between the server and its file, and nothing here may stop or delay a start.
 */
export interface OutputKeeper {
  /** Before each start: the output of the run before gets a name of its own. */
  beforeStart(): Promise<void>;
  /** The same in this turn; gives where that output lies now, undefined where it takes `beforeStart`. */
  beforeStartAtOnce(acts: ActsAtOnce): string | undefined;
  /** A server was started or is taken over: looks after its file from now on, and looks at it at once. */
  look(): void;
}

/** A look is one stat(2) when nothing has to be done. */
const LOOK_EVERY_MS = 2_000;
/** The budget is looked at this often while nothing is cut, for what others write into the folder or onto the disk. */
const BUDGET_EVERY_MS = 60_000;

/** @param background is given the work that ends when `signal` aborts */
export function createOutputKeeper(
  parts: OutputParts,
  signal: AbortSignal,
  background: (work: Promise<void>) => void,
): OutputKeeper {
  const turns = createTurns();
  let wake: (() => void) | undefined;
  return {
    beforeStart: () => turns.hurry(() => setAside(parts)),
    beforeStartAtOnce: (acts) => (turns.isFree() ? setAsideAtOnce(parts, acts) : undefined),
    look: () => {
      if (wake) {
        wake();
        return;
      }
      let woken = new AbortController();
      wake = () => woken.abort();
      const renew = (): AbortSignal => (woken = new AbortController()).signal;
      background(lookUntil(parts, turns, signal, renew));
    },
  };
}

async function lookUntil(
  parts: OutputParts,
  turns: Turns,
  signal: AbortSignal,
  newWake: () => AbortSignal,
): Promise<void> {
  const state: KeeperState = { catalogue: undefined, budgetAt: -Infinity, cutting: 'untried' };
  while (!signal.aborted) {
    // Who wakes it from here on is heard, even while it still looks.
    const woken = newWake();
    await lookOnce(parts, state, turns, signal).catch((error: unknown) =>
      parts.log.error('the output of the server cannot be looked after', { error: String(error) }),
    );
    await parts.clock.sleep(LOOK_EVERY_MS, AbortSignal.any([signal, woken]));
  }
}

async function lookOnce(parts: OutputParts, state: KeeperState, turns: Turns, signal: AbortSignal): Promise<void> {
  if (!(await turns.take(() => catchUp(parts, state)))) return;
  const cut = await cutPieces(parts, state, turns, signal);
  const now = parts.clock.monotonic();
  if (!cut && now - state.budgetAt < BUDGET_EVERY_MS) return;
  state.budgetAt = now;
  await turns.take(() => keepWithinBudget(parts, state));
}

/** Brings the catalogue up to the folder, and finishes what an earlier launcher began. */
async function catchUp(parts: OutputParts, state: KeeperState): Promise<boolean> {
  const { files, folder, clock, log } = parts;
  const first = state.catalogue === undefined;
  if (first) await finishUnfinished(parts);
  const seen = await lookAtOutput(files, folder, clock.now(), state.catalogue);
  if (!seen.ok) return false;
  const written = seen.value === state.catalogue ? succeed() : await writeCatalogue(files, folder, seen.value);
  if (!written.ok) log.warn('the catalogue of the server output cannot be written', { fault: written.fault });
  if (written.ok) state.catalogue = seen.value;
  const { current } = seen.value;
  // A launcher that died between its catalogue and this act has left the space taken.
  if (first && current !== undefined && current.cut > 0) await parts.freeStart(outputFileIn(folder), current.cut);
  return written.ok;
}
