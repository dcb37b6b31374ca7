import type { Language } from './sessions.ts';

/** How users of a server are seen and reached; commands are argument lists, never a shell's text. */
export interface SessionOptions {
  /** Counts the users of a server that does not report them. */
  readonly port?: number;
  /** May hold `{text}`, `{seconds}` (left; empty when not known) and `{language}` (en, fr, de, it). */
  readonly warnCommand?: readonly string[];
  /** Same placeholders; without it only the server itself can close sessions. */
  readonly closeCommand?: readonly string[];
  /** May hold `{refused}`: `true` or `false`. */
  readonly refuseLoginsCommand?: readonly string[];
  /** Of texts handed to commands. */
  readonly language: Language;
  readonly commandLimitMs: number;
  /** How long `closeAll` waits until nobody is present. */
  readonly closeLimitMs: number;
}
