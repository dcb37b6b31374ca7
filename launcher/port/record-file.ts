import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** Largest record file of the port, bytes. */
const RECORD_BYTES = 512 * 1024;

/**
 * Reads a small durable JSON file with a schema number.
 *
 * Answers undefined when it is absent. Errors: `newer-schema`, `record-corrupt`, and those of the disk.
 */
export async function readRecord<Schema extends TSchema>(
  files: Files,
  path: string,
  schema: Schema,
): Promise<Result<Static<Schema> | undefined>> {
  const text = await files.readText(path, RECORD_BYTES);
  if (!text.ok) return text.fault.code === 'not-found' ? succeed(undefined) : text;
  const value = parse(text.value);
  if (Value.Check(schema, value)) return succeed(value);
  return fail(
    isNewer(value)
      ? faultOf('newer-schema', 'the file was written by a newer launcher', { path })
      : faultOf('record-corrupt', 'the file is not what the launcher wrote', { path }),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isNewer(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    typeof value.schema === 'number' &&
    value.schema > 1
  );
}
