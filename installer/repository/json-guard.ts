import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';

/** What a JSON document from outside may cost us. */
export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Objects, arrays, members and elements in all. */
  readonly values: number;
  /** Members of one object: the metadata reader copies an object once for each member. */
  readonly members: number;
}

export const METADATA_LIMITS: JsonLimits = { depth: 24, values: 200_000, members: 4_096 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Parses JSON whose size is capped already, after a look at its shape: a parser is not asked to recurse a million levels.
 * Refuses invalid UTF-8, numbers that are no safe integers (a version of 2^53 could never be surpassed) and `__proto__`.
 *
 * Errors: `metadata-invalid`; `what` names the document in the detail.
 */
export function parseGuardedJson(
  bytes: Uint8Array,
  what: string,
  limits: JsonLimits = METADATA_LIMITS,
): Result<unknown> {
  const shape = checkShape(bytes, limits);
  if (shape !== undefined) return refuse(what, shape);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return refuse(what, 'it is not JSON');
  }
  const content = checkContent(parsed, limits);
  return content === undefined ? succeed(parsed) : refuse(what, content);
}

/** One pass over the bytes, constant memory; anything malformed is left to the parser. */
function checkShape(bytes: Uint8Array, limits: JsonLimits): string | undefined {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COMMA) values += 1;
    else if (OPENING.has(byte)) {
      depth += 1;
      values += 1;
      if (depth > limits.depth) return `it nests deeper than ${limits.depth} levels`;
    } else if (CLOSING.has(byte)) depth -= 1;
    if (values > limits.values) return `it holds more than ${limits.values} values`;
  }
  return undefined;
}

function checkContent(value: unknown, limits: JsonLimits): string | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? undefined : 'it holds a number that is no integer below 2^53';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  if (keys.length > limits.members) return `it holds an object of more than ${limits.members} members`;
  if (keys.includes('__proto__')) return 'it holds a member named __proto__';
  for (const inner of Object.values(value)) {
    const refusal = checkContent(inner, limits);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuse(what: string, reason: string): Result<never> {
  return fail(faultOf('metadata-invalid', `${what} is refused: ${reason}`));
}
