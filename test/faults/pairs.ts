import { type Stage, begin, brokenBy, recover, strike, trace, TRIES, type Verdict } from './case-run.ts';
import { linesOf } from './play.ts';
import { type Case, isSame, keyOf, type Point, pointsOf, titleOf } from './points.ts';
import { checkMachine } from './verdict.ts';

/** Says what became of one pair, as soon as it is known. */
export type TellPair = (title: string, verdict: Verdict) => void;

/**
 * Kills a launcher and its server at one point, and gives the points of the recovery; undefined where there are none to strike.
 *
 * The machine as the first kill leaves it is kept: each pair begins with it. That works for files alone, therefore the server
 * dies as well. That the recovery itself brings everything in order is the first verdict.
 */
export async function recoveryAfter(stage: Stage, first: Case, tell: TellPair): Promise<readonly Point[] | undefined> {
  const title = `${titleOf(first)} with its server`;
  try {
    const killed = await keepKilled(stage, first);
    if (killed === undefined) {
      tell(title, { kind: 'not-hit' });
      return undefined;
    }
    const points = await recordRecovery(stage, killed, async () => checkMachine(stage.ground.site, stage.scenario));
    tell(title, { kind: 'whole', outcome: 'whole' });
    return points;
  } catch (error) {
    tell(title, brokenBy(error));
    return undefined;
  }
}

/** Kills the recovery at each of its points that were chosen. */
export async function strikeRecovery(
  stage: Stage,
  first: Case,
  chosen: readonly Point[],
  signal: AbortSignal,
  tell: TellPair,
): Promise<void> {
  const title = `${titleOf(first)} with its server`;
  // The kill itself has had its verdict: this one is about pairs that could not be made.
  const batch = `${title}, once more for ${chosen.length} pairs from ${chosen.map(keyOf).at(0)}`;
  try {
    const killed = await keepKilled(stage, first);
    if (killed === undefined) {
      tell(batch, { kind: 'not-hit' });
      return;
    }
    for (const second of chosen) {
      if (signal.aborted) return;
      const verdict = await runSecond(stage, killed, first, second);
      if (verdict !== undefined) tell(`${title}, then the recovery at ${keyOf(second)}`, verdict);
    }
  } catch (error) {
    tell(batch, brokenBy(error));
  }
}

/** The journal's lines at the kill. */
interface Killed {
  readonly lines: number;
}

async function keepKilled(stage: Stage, first: Case): Promise<Killed | undefined> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    await begin(stage);
    if (!(await strike(stage, first, 1))) continue;
    await stage.ground.keep('killed');
    return { lines: linesOf(stage.ground.site).length };
  }
  return undefined;
}

/** What an undisturbed recovery does; `look` sees the machine that it makes. */
async function recordRecovery(stage: Stage, { lines }: Killed, look?: () => Promise<void>): Promise<readonly Point[]> {
  await stage.ground.reset('killed');
  const launcher = await trace(stage, { kind: 'none' }, 2, 'recovery');
  try {
    await look?.();
  } finally {
    await launcher.kill();
  }
  const { site } = stage.ground;
  return pointsOf(launcher.trace(), site.folder, linesOf(site), lines);
}

/** A call that one recovery of five makes is missed four times and recorded again in one case of twelve: not three times on end. */
const ROUNDS = 3;

/** undefined where the point turns out to depend on chance: another recording does not have it. */
async function runSecond(stage: Stage, killed: Killed, first: Case, second: Point): Promise<Verdict | undefined> {
  const again: Case = { scenario: first.scenario, point: second, fault: 'KILL' };
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (let attempt = 1; attempt <= TRIES; attempt += 1) {
        await stage.ground.reset('killed');
        if (await strike(stage, again, 2, 'recovery')) return await recover(stage, 'once');
      }
      const points = await recordRecovery(stage, killed);
      if (!points.some((point) => isSame(point, second))) return undefined;
    }
    return { kind: 'not-hit' };
  } catch (error) {
    return brokenBy(error);
  }
}
