import { type Static, Type } from '@sinclair/typebox';

export const AlarmFile = Type.Object({
  schema: Type.Literal(1),
  since: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
});

/** An alarm that was raised and is not over; wall-clock milliseconds. */
export type AlarmRecord = Omit<Static<typeof AlarmFile>, 'schema'>;

export function encodeAlarm({ since }: AlarmRecord): string {
  return `${JSON.stringify({ schema: 1, since })}\n`;
}
