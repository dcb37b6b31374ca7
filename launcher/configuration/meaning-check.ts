import type { Machine } from '../../platform/machine.ts';
import type { Configuration } from './configuration.ts';
import type { DocumentPath, MistakeAt } from './mistake.ts';
import type { ConfigurationFile } from './schema.ts';
import { show } from './show-value.ts';

/** What a check may look at: the file as written, and what it means. */
export interface Meaning {
  readonly content: ConfigurationFile;
  readonly configuration: Configuration;
  readonly machine: Machine;
}

export type MeaningCheck = (meaning: Meaning) => readonly MistakeAt[];

/** Something that must be there and is not. */
export function needed(value: unknown, path: DocumentPath, expected: string, suggestion: string): MistakeAt[] {
  return value === undefined ? [{ path, at: 'key', expected, found: 'nothing', suggestion }] : [];
}

/** A value that cannot be what it is. */
export function wrong(path: DocumentPath, expected: string, found: unknown, suggestion: string): MistakeAt {
  return { path, at: 'value', expected, found: show(found), suggestion };
}
