import { createHash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { oneLine } from './address.ts';
import type { Mail } from './mail.ts';

const Time = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });

/**
 * One file of the outbox. `handing-over` is written before the mail server is called: found after a crash, it means that the
 * server may have the mail already, and the next try repeats the same Message-ID.
 */
export const QueuedMail = Type.Object({
  schema: Type.Literal(1),
  id: Type.String({ maxLength: 200 }),
  to: Type.String({ maxLength: 254 }),
  subject: Type.String({ maxLength: 400 }),
  text: Type.String({ maxLength: 65_536 }),
  messageId: Type.String({ maxLength: 200 }),
  queuedAt: Time,
  attempts: Type.Integer({ minimum: 0, maximum: 100_000 }),
  state: Type.Union([
    Type.Object({ kind: Type.Literal('waiting'), nextAt: Time, lastFault: Type.Optional(Type.String()) }),
    Type.Object({ kind: Type.Literal('handing-over'), since: Time }),
    Type.Object({ kind: Type.Literal('sent'), at: Time }),
    Type.Object({ kind: Type.Literal('given-up'), at: Time, why: Type.String() }),
  ]),
});
export type QueuedMail = Static<typeof QueuedMail>;

/** What is cut rather than refused: a long subject must not cost the mail. */
const SUBJECT_LIMIT = 200;
const TEXT_LIMIT = 65_536;

/** The first record of a mail. The Message-ID follows from id and address alone. */
export function queue(mail: Mail, now: number): QueuedMail {
  return {
    schema: 1,
    id: oneLine(mail.id, 200),
    to: mail.to,
    subject: oneLine(mail.subject, SUBJECT_LIMIT),
    text: mail.text.slice(0, TEXT_LIMIT),
    messageId: `<${keyOf(mail)}@om-launcher.invalid>`,
    queuedAt: now,
    attempts: 0,
    state: { kind: 'waiting', nextAt: now },
  };
}

/** The file's name: one mail, one name, whatever stands in id and address. */
export function fileNameOf(mail: Pick<Mail, 'id' | 'to'>): string {
  return `${keyOf(mail)}.json`;
}

export function isMailFile(name: string): boolean {
  return /^[0-9a-f]{40}\.json$/.test(name);
}

function keyOf(mail: Pick<Mail, 'id' | 'to'>): string {
  const key = JSON.stringify([mail.id, mail.to.toLowerCase()]);
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}
