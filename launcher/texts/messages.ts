import type { Language } from '../../supervisor/sessions/sessions.ts';
import { CLI_MESSAGES } from './cli-messages.ts';
import { fill, type Values } from './fill.ts';
import { HOLD_MESSAGES } from './hold-messages.ts';
import { MAIL_MESSAGES } from './mail-messages.ts';
import { NOTICE_MESSAGES } from './notice-messages.ts';
import { VERDICT_MESSAGES } from './verdict-messages.ts';

/** Every sentence that is not about a fault, a step or a state; the English one rules the placeholders. */
export const MESSAGES = {
  ...NOTICE_MESSAGES,
  ...MAIL_MESSAGES,
  ...VERDICT_MESSAGES,
  ...CLI_MESSAGES,
  ...HOLD_MESSAGES,
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;

export type MessageKey = keyof typeof MESSAGES;

type PlaceholdersOf<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholdersOf<Rest>
  : never;

type ValuesOf<Key extends MessageKey> = PlaceholdersOf<(typeof MESSAGES)[Key]['en']>;

type Arguments<Key extends MessageKey> = [ValuesOf<Key>] extends [never]
  ? []
  : [values: Readonly<Record<ValuesOf<Key>, string | number | undefined>>];

/** The message in the language, its placeholders filled; which values are needed is known to the compiler. */
export function say<Key extends MessageKey>(language: Language, key: Key, ...values: Arguments<Key>): string {
  const given: Values = values[0] ?? {};
  return fill(MESSAGES[key][language], given, language);
}
