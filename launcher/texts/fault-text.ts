import type { FaultCode } from '../../platform/fault.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';

/**
 * What failed, and what to do, as sentences.
 *
 * `{name}` is replaced by the fault's path, account or value of that name; a piece in `[…]` is left out when one of its values is
 * unknown. Remedies name commands as they are typed.
 */
export type FaultText = readonly [failed: string, remedy: string];

export type FaultTexts<Code extends FaultCode = FaultCode> = Readonly<
  Record<Code, Readonly<Record<Language, FaultText>>>
>;
