import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Clock } from '../../platform/clock.ts';
import { type FaultCode, type Fault, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { MailConfiguration } from '../configuration/configuration.ts';
import { readSecret } from '../configuration/secret.ts';
import { oneLine } from './address.ts';
import type { AddressedMail, MailTransport, SendOutcome } from './mail.ts';

export interface SmtpDependencies {
  readonly files: Files;
  readonly machine: Machine;
  readonly clock: Clock;
}

export interface SmtpLimits {
  readonly connectionMs: number;
  readonly greetingMs: number;
  /** Silence on the line. */
  readonly silenceMs: number;
  /** A whole try, however busy the line looks. */
  readonly totalMs: number;
}

/** RFC 5321 §4.5.3.2 allows minutes; a mail of a few lines to a server that works needs none of them. */
export const SMTP_LIMITS: SmtpLimits = {
  connectionMs: 20_000,
  greetingMs: 20_000,
  silenceMs: 30_000,
  totalMs: 120_000,
};

const CA_LIMIT_BYTES = 1_048_576;
const RESPONSE_LIMIT_BYTES = 65_536;

/** Hands mails to the configured server. Password and certificate authorities are read at each try, so that a correction takes effect. */
export function createSmtpTransport(
  dependencies: SmtpDependencies,
  configuration: MailConfiguration,
  limits: SmtpLimits = SMTP_LIMITS,
): MailTransport {
  return {
    send: async (mail, signal) => {
      const secrets = await readSecrets(dependencies, configuration);
      if (!secrets.ok) return secrets;
      return trySend(mail, dependencies, { configuration, limits, ...secrets.value }, signal);
    },
  };
}

interface Secrets {
  readonly password?: string;
  readonly authorities?: string;
}

interface Try extends Secrets {
  readonly configuration: MailConfiguration;
  readonly limits: SmtpLimits;
}

async function readSecrets(
  { files, machine }: SmtpDependencies,
  { smtp }: MailConfiguration,
): Promise<Result<Secrets>> {
  const password = smtp.login === undefined ? undefined : await readSecret(smtp.login.password, files, machine);
  if (password?.ok === false) return password;
  const authorities = smtp.ca === undefined ? undefined : await files.readText(smtp.ca, CA_LIMIT_BYTES);
  if (authorities?.ok === false) return authorities;
  return succeed({
    ...(password === undefined ? {} : { password: password.value }),
    ...(authorities === undefined ? {} : { authorities: authorities.value }),
  });
}

/** One connection, one mail; the deadline runs on the monotonic clock and takes the connection with it. */
async function trySend(
  mail: AddressedMail,
  { clock }: SmtpDependencies,
  attempt: Try,
  signal?: AbortSignal,
): Promise<Result<SendOutcome>> {
  const transporter = await openTransporter(attempt);
  const deadline = new AbortController();
  const ended = new AbortController();
  const timer = clock.sleep(attempt.limits.totalMs, ended.signal).then((how) => {
    if (how === 'elapsed') deadline.abort();
  });
  try {
    await transporter.sendMail({
      ...messageOf(mail, attempt.configuration.from),
      signal: signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]),
    });
    return succeed({ kind: 'accepted' });
  } catch (error) {
    if (deadline.signal.aborted)
      return fail(mailFault('timed-out', 'the mail server took too long', attempt.configuration));
    return judge(error, attempt.configuration);
  } finally {
    ended.abort();
    await timer;
    transporter.close();
  }
}

/** Loaded with the first mail: most launchers send none for months. */
async function openTransporter({ configuration: { smtp }, limits, password, authorities }: Try) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure === 'tls',
    requireTLS: smtp.secure === 'starttls',
    ignoreTLS: smtp.secure === 'none',
    ...(smtp.login === undefined || password === undefined ? {} : { auth: { user: smtp.login.user, pass: password } }),
    tls: { minVersion: 'TLSv1.2', ...(authorities === undefined ? {} : { ca: authorities }) },
    connectionTimeout: limits.connectionMs,
    dnsTimeout: limits.connectionMs,
    greetingTimeout: limits.greetingMs,
    socketTimeout: limits.silenceMs,
    maxResponseSize: RESPONSE_LIMIT_BYTES,
    // Mails are our own texts; nothing in them may make the library read a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function messageOf(mail: AddressedMail, from: string) {
  return {
    from: oneLine(from, 320),
    to: [{ name: '', address: mail.to }],
    subject: oneLine(mail.subject, 400),
    text: mail.text,
    messageId: mail.messageId,
    date: new Date(mail.date),
    // RFC 3834 §5: keeps holiday notices from answering.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

const ErrorFields = Type.Object({
  message: Type.String(),
  code: Type.Optional(Type.String()),
  responseCode: Type.Optional(Type.Number()),
  command: Type.Optional(Type.String()),
});
type SmtpError = Static<typeof ErrorFields>;

/** RFC 5321 §4.2.1: a 5xx about this mail or address is final. One about the log-in is not: somebody can correct it. */
function judge(error: unknown, configuration: MailConfiguration): Result<SendOutcome> {
  const told = asSmtpError(error);
  const final = (told.responseCode ?? 0) >= 500 && ['RCPT TO', 'DATA'].includes(told.command ?? '');
  if (final) return succeed({ kind: 'refused-for-good', why: oneLine(told.message, 500) });
  return fail(mailFault(FAULT_OF[told.code ?? ''] ?? 'mail-failed', oneLine(told.message, 500), configuration));
}

const FAULT_OF: Readonly<Record<string, FaultCode>> = {
  ECONNECTION: 'connection-failed',
  ESOCKET: 'connection-failed',
  ETIMEDOUT: 'timed-out',
  EDNS: 'name-not-resolved',
  ETLS: 'tls-untrusted',
  EABORT: 'cancelled',
};

function mailFault(code: FaultCode, detail: string, { smtp }: MailConfiguration): Fault {
  const target = `${smtp.host}:${smtp.port}`;
  const cause = faultOf(code, detail, { operation: 'send mail', values: { target } });
  return faultOf('mail-failed', `${target}: ${detail}`, { operation: 'send mail', values: { target }, cause });
}

/** nodemailer's errors are plain errors with fields; anything else keeps its message alone. */
function asSmtpError(error: unknown): SmtpError {
  return Value.Check(ErrorFields, error) ? error : { message: String(error) };
}
