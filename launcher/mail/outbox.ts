import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { readOrSetAside } from '../../platform/record-file.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { checkAddress } from './address.ts';
import type { Mail, MailTransport } from './mail.ts';
import { fileNameOf, isMailFile, queue, QueuedMail } from './queued-mail.ts';
import { dueInMs, MAIL_RETRY, retryDelayMs } from './retry.ts';

/** Mails wait here, on disk, until a mail server has taken them. Nothing of an update waits for them. */
export interface Outbox {
  /** Returns once the mail is on disk. The same id to the same address again changes nothing, even after it was sent. */
  enqueue(mail: Mail): Promise<Result<void>>;
  /** Sends what is due, until `signal` aborts. Once per outbox; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Mails that are still to be sent, oldest first. */
  pending(): Promise<readonly QueuedMail[]>;
}

export interface OutboxDependencies {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent while no mail server is configured: mails wait. */
  readonly transport?: MailTransport;
}

export interface OutboxOptions {
  readonly folder: string;
}

/** Mails that may wait at once. */
export const OUTBOX_LIMIT = 200;
const RECORD_LIMIT_BYTES = 1_048_576;
/** Looked again at least this often, so that a suspended machine loses no more than this. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * An outbox in `folder`, one file a mail.
 *
 * Delivery is at least once: the mail server's “yes” and our record of it are two acts, and a crash exactly between them sends
 * the mail again, with the same Message-ID, by which mailboxes that compare it drop the copy. In all other cases it is once.
 */
export function createOutbox(dependencies: OutboxDependencies, options: OutboxOptions): Outbox {
  const { clock } = dependencies;
  const records = createRecords(dependencies, options.folder);
  let wake = new AbortController();
  return {
    enqueue: async (mail) => {
      const queued = await put(mail, records, clock.now());
      if (queued.ok) wake.abort();
      return queued;
    },
    pending: async () => (await records.all()).filter(isPending),
    run: async (signal) => {
      while (!signal.aborted) {
        wake = new AbortController();
        const pause = await sendDue(records, dependencies, signal);
        await clock.sleep(Math.min(pause, LONGEST_SLEEP_MS), AbortSignal.any([signal, wake.signal]));
      }
    },
  };
}

interface Records {
  readonly folder: string;
  all(): Promise<readonly QueuedMail[]>;
  find(mail: Pick<Mail, 'id' | 'to'>): Promise<Result<QueuedMail | undefined>>;
  write(mail: QueuedMail): Promise<Result<void>>;
  remove(mail: QueuedMail): Promise<void>;
}

async function put(mail: Mail, records: Records, now: number): Promise<Result<void>> {
  const address = checkAddress(mail.to);
  if (!address.ok) return address;
  const found = await records.find(mail);
  if (!found.ok) return found;
  if (found.value !== undefined) return succeed();
  const waiting = (await records.all()).filter(isPending).length;
  if (waiting >= OUTBOX_LIMIT) {
    return fail(faultOf('mail-failed', `${waiting} mails wait already; no more are taken.`, { path: records.folder }));
  }
  return records.write(queue(mail, now));
}

function isPending(mail: QueuedMail): boolean {
  return mail.state.kind === 'waiting' || mail.state.kind === 'handing-over';
}

/** Sends every mail that is due, one after the other; returns how long to rest. */
async function sendDue(records: Records, dependencies: OutboxDependencies, signal: AbortSignal): Promise<number> {
  const { clock, transport } = dependencies;
  let pause = LONGEST_SLEEP_MS;
  for (const mail of await records.all()) {
    if (signal.aborted) return 0;
    await forgetOld(mail, records, clock.now());
    if (!isPending(mail)) continue;
    const wait = mail.state.kind === 'waiting' ? dueInMs(mail.state.nextAt, clock.now()) : 0;
    if (wait > 0 || transport === undefined) pause = Math.min(pause, wait > 0 ? wait : LONGEST_SLEEP_MS);
    else pause = Math.min(pause, await handOver(mail, transport, records, dependencies, signal));
  }
  return pause;
}

async function forgetOld(mail: QueuedMail, records: Records, now: number): Promise<void> {
  const { state } = mail;
  const over = state.kind === 'sent' || state.kind === 'given-up';
  if (over && now - state.at > MAIL_RETRY.rememberMs) await records.remove(mail);
}

/** One try, noted before and after; returns the pause until this mail needs attention again. */
async function handOver(
  mail: QueuedMail,
  transport: MailTransport,
  records: Records,
  { clock, log }: OutboxDependencies,
  signal: AbortSignal,
): Promise<number> {
  const attempts = mail.attempts + 1;
  const again = mail.state.kind === 'handing-over';
  if (again)
    log.warn('a mail may have been sent before a crash; sending it again', {
      mail: mail.id,
      messageId: mail.messageId,
    });
  const noted = await records.write({ ...mail, attempts, state: { kind: 'handing-over', since: clock.now() } });
  // A mail whose try cannot be noted would be sent again and again; it waits for the disk.
  if (!noted.ok) return LONGEST_SLEEP_MS;
  const sent = await transport.send({ ...mail, date: mail.queuedAt }, signal);
  if (!sent.ok) return postpone({ ...mail, attempts }, sent.fault, records, { clock, log });
  const now = clock.now();
  if (sent.value.kind === 'accepted') {
    await records.write({ ...mail, attempts, state: { kind: 'sent', at: now } });
    log.info('mail sent', { mail: mail.id, attempts });
  } else {
    await records.write({ ...mail, attempts, state: { kind: 'given-up', at: now, why: sent.value.why } });
    log.error('mail refused for good', { mail: mail.id, why: sent.value.why });
  }
  return LONGEST_SLEEP_MS;
}

async function postpone(
  mail: QueuedMail,
  fault: Fault,
  records: Records,
  { clock, log }: Pick<OutboxDependencies, 'clock' | 'log'>,
): Promise<number> {
  const now = clock.now();
  if (now - mail.queuedAt >= MAIL_RETRY.giveUpAfterMs) {
    await records.write({ ...mail, state: { kind: 'given-up', at: now, why: fault.detail.slice(0, 500) } });
    log.error('mail given up', { mail: mail.id, attempts: mail.attempts, why: fault.detail });
    return LONGEST_SLEEP_MS;
  }
  const delay = retryDelayMs(mail.attempts);
  const lastFault = fault.detail.slice(0, 500);
  await records.write({ ...mail, state: { kind: 'waiting', nextAt: now + delay, lastFault } });
  log.warn('mail not sent; it will be tried again', {
    mail: mail.id,
    code: fault.code,
    why: fault.detail,
    delayMs: delay,
  });
  return delay;
}

function createRecords({ files, log, clock }: OutboxDependencies, folder: string): Records {
  const pathOf = (mail: Pick<Mail, 'id' | 'to'>) => join(folder, fileNameOf(mail));
  const parts = { files, log, clock };
  const read = (path: string) => readOrSetAside(parts, { path, schema: QueuedMail, limit: RECORD_LIMIT_BYTES });
  return {
    folder,
    all: async () => {
      const names = await files.list(folder);
      const mails: QueuedMail[] = [];
      for (const name of names.ok ? names.value.filter(isMailFile) : []) {
        const mail = await read(join(folder, name));
        if (mail.ok && mail.value !== undefined) mails.push(mail.value);
      }
      return mails.sort((one, other) => one.queuedAt - other.queuedAt);
    },
    find: (mail) => read(pathOf(mail)),
    write: async (mail) => {
      const made = await files.makeFolder(folder, 0o700);
      return made.ok ? files.writeDurably(pathOf(mail), `${JSON.stringify(mail, undefined, 2)}\n`, 0o600) : made;
    },
    remove: async (mail) => {
      await files.remove(pathOf(mail));
    },
  };
}
