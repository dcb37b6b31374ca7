import { FormatRegistry, type Static, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

const ISO_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** A name from outside is quoted in faults and logs up to this many characters. */
const QUOTED_CHARACTERS = 80;

/**
 * Checks a value from outside against a schema of the API and gives it its type.
 *
 * Errors: `request-invalid`, whose detail names the first offending field and what was expected, never its value.
 */
export function decode<Schema extends TSchema>(schema: Schema, value: unknown): Result<Static<Schema>> {
  registerTimeFormat();
  if (Value.Check(schema, value)) return succeed(value);
  const error = Value.Errors(schema, value).First();
  const field = printable(error?.path ?? '');
  const expected = error?.message ?? 'Unexpected value';
  return fail(
    faultOf('request-invalid', `${field === '' ? 'body' : field}: ${expected}`, { values: { field, expected } }),
  );
}

/** Control characters would forge log lines. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, QUOTED_CHARACTERS);
}

/** TypeBox knows no formats by itself, and refuses values whose format it does not know. */
function registerTimeFormat(): void {
  if (!FormatRegistry.Has('date-time')) {
    FormatRegistry.Set('date-time', (text) => ISO_TIME.test(text) && !Number.isNaN(Date.parse(text)));
  }
}
