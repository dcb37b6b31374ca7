import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

const AlarmFile = Type.Object(
  { schema: Type.Literal(1), since: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }) },
  { additionalProperties: false },
);

/** An alarm that was raised and is not over; wall-clock milliseconds. */
export type AlarmRecord = Omit<Static<typeof AlarmFile>, 'schema'>;

export function encodeAlarm({ since }: AlarmRecord): string {
  return `${JSON.stringify({ schema: 1, since })}\n`;
}

/** Undefined for anything that is not such a record: an alarm too many is better than a launcher that does not start. */
export function decodeAlarm(text: string): AlarmRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(AlarmFile, value) ? { since: value.since } : undefined;
  } catch {
    return undefined;
  }
}
