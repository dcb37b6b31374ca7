import { SERVER_CHECKS } from './check-server-meaning.ts';
import { UPDATES_CHECKS } from './check-updates-meaning.ts';
import type { Meaning } from './meaning-check.ts';
import type { MistakeAt } from './mistake.ts';

/** Values that are well-formed each, but impossible or dangerous together. */
export function checkMeaning(meaning: Meaning): MistakeAt[] {
  return [...SERVER_CHECKS, ...UPDATES_CHECKS].flatMap((check) => check(meaning));
}
