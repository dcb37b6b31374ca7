import { linkSync, truncateSync } from 'node:fs';
import { faultOf } from '../../../platform/fault.ts';
import type { Files, WritableFile } from '../../../platform/files.ts';
import { fail, type Result } from '../../../platform/result.ts';

const MUTATING = new Set<keyof Files>([
  'writeDurably',
  'appendDurably',
  'openWritable',
  'makeFolder',
  'makeNewFolder',
  'renameNew',
  'copyFile',
  'makeLink',
  'setMode',
  'setOwner',
  'setTimes',
  'remove',
  'removeTree',
]);

/**
 * How the n-th change of the disk goes wrong. Death before a change is death after the one before it.
 * `half`: a copy is cut short, a rename stops between its link and its unlink, anything else has not happened.
 */
export const INTERRUPTIONS = ['killed-after', 'killed-half', 'disk-full'] as const;
export type Interruption = (typeof INTERRUPTIONS)[number];

const HALVES = new Set<keyof Files>(['copyFile', 'renameNew']);

/** Thrown where a real process would have died. */
export class Killed extends Error {}

export interface InterruptedFiles extends Files {
  /** The numbers of the changes asked for so far that can go wrong in this way. */
  places(): readonly number[];
}

/** The real disk until the n-th change (from 1), then death or a full disk; 0 never interrupts. */
export function interruptFiles(files: Files, interruption: Interruption, at: number): InterruptedFiles {
  const called: (keyof Files)[] = [];
  const wrap = <Name extends keyof Files>(name: Name): Files[Name] => {
    const original = files[name] as (...parameters: unknown[]) => unknown;
    const wrapped = async (...parameters: unknown[]): Promise<unknown> => {
      const calls = called.push(name);
      if (calls > at && at > 0 && interruption !== 'disk-full') throw new Killed();
      if (calls !== at) return original(...parameters);
      switch (interruption) {
        case 'disk-full':
          return fail(faultOf('disk-full', 'no space', { operation: name }));
        case 'killed-after':
          await closeIfOpen(await original(...parameters));
          break;
        case 'killed-half':
          await half(name, parameters, original);
          break;
      }
      throw new Killed();
    };
    return wrapped as unknown as Files[Name];
  };
  const changed = Object.fromEntries([...MUTATING].map((name) => [name, wrap(name)]));
  const matters = (name: keyof Files): boolean => interruption !== 'killed-half' || HALVES.has(name);
  const places = (): readonly number[] => called.flatMap((name, index) => (matters(name) ? [index + 1] : []));
  return { ...files, ...changed, places };
}

/** The system closes what a dead process had open. */
async function closeIfOpen(result: unknown): Promise<void> {
  const opened = result as Result<WritableFile | undefined>;
  if (opened.ok && opened.value !== undefined) await opened.value.close();
}

async function half(
  name: keyof Files,
  parameters: readonly unknown[],
  original: (...parameters: unknown[]) => unknown,
): Promise<void> {
  const [from, to] = parameters as [string, string];
  if (name === 'copyFile') {
    await original(from, to);
    truncateSync(to, 1);
  }
  if (name === 'renameNew') {
    try {
      linkSync(from, to);
    } catch {
      // Folders cannot be linked: their rename is all or nothing.
    }
  }
}

/** Runs an act that may be killed on its way. */
export async function untilKilled<Value>(act: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Killed) return undefined;
    throw error;
  }
}
