import type { Request, VerbName } from './request.ts';
import type { ValueKind } from './values.ts';

/** An option of the command line, as data: parser and `docs/cli.md` are made of it. */
export interface OptionDefinition {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /** Absent: a switch. */
  readonly value?: ValueKind<unknown>;
  readonly description: string;
}

export interface ArgumentDefinition {
  readonly value: ValueKind<unknown>;
  readonly optional?: boolean;
  readonly description: string;
}

export interface VerbDefinition {
  readonly verb: VerbName;
  readonly summary: string;
  readonly argument?: ArgumentDefinition;
  readonly options?: readonly OptionDefinition[];
  /** Further sentences for the reference. */
  readonly details?: string;
  readonly examples?: readonly string[];
  /** The typed request of what was given. */
  readonly request: (given: Given) => Request;
}

/** Values of one command line, read and checked by their kinds. */
export interface Given {
  /** The argument or option of that name, if it was given. */
  value<Value>(kind: ValueKind<Value>, name: string): Value | undefined;
  flag(name: string): boolean;
}

/** `{ name: value }`, or nothing at all when there is no value (exact optional properties). */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]?: Value });
}
