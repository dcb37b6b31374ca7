import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareStage, type Stage } from './case-run.ts';
import { folderGround, openFaultSite } from './fault-site.ts';
import type { LauncherProgram } from './launcher-program.ts';
import type { Scenario } from './scenarios.ts';

/** One of the places where cases are run at the same time; each has its own folders and ports. */
export interface Slot {
  /** The scenario's stage on this slot, made when it is first wanted. */
  stageOf(scenario: Scenario): Promise<Stage>;
  close(): Promise<void>;
}

/** Memory, where there is such a folder: a matrix writes many gigabytes and needs no disk for a kill. */
const FAST_FOLDER = '/dev/shm';

export function makeBase(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(existsSync(FAST_FOLDER) ? FAST_FOLDER : tmpdir(), 'om-faults-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function openSlot(base: string, number: number, program: LauncherProgram): Slot {
  const stages = new Map<string, Stage>();
  return {
    async stageOf(scenario) {
      const known = stages.get(scenario.name);
      if (known !== undefined) return known;
      const folder = join(base, String(number), scenario.name);
      mkdirSync(folder, { recursive: true });
      const stage: Stage = {
        scenario,
        ground: await openFaultSite(folderGround(join(folder, 'ground')), program),
        traceFolder: folder,
      };
      stages.set(scenario.name, stage);
      await prepareStage(stage);
      return stage;
    },
    async close() {
      for (const { ground } of stages.values()) await ground.close();
    },
  };
}

/** Works the items off in order, one at a time on each slot, until it is asked to end; results in the order of the items. */
export async function onSlots<Item, Answer>(
  slots: readonly Slot[],
  items: readonly Item[],
  signal: AbortSignal,
  work: (slot: Slot, item: Item, index: number) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers = new Map<number, Answer>();
  const waiting = items.entries();
  await Promise.all(
    slots.map(async (slot) => {
      for (const [index, item] of waiting) {
        if (signal.aborted) return;
        answers.set(index, await work(slot, item, index));
      }
    }),
  );
  return [...answers].sort(([a], [b]) => a - b).map(([, answer]) => answer);
}
