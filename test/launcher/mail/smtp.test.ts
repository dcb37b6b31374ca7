import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MailConfiguration } from '../../../launcher/configuration/configuration.ts';
import type { AddressedMail } from '../../../launcher/mail/mail.ts';
import { createOutbox } from '../../../launcher/mail/outbox.ts';
import { createSmtpTransport, SMTP_LIMITS } from '../../../launcher/mail/smtp-transport.ts';
import { openPlatform } from '../../../platform/current.ts';
import { succeed } from '../../../platform/result.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

const platform = openPlatform();
const certificates = join(import.meta.dirname, '../../kit/certificates');
const pem = (name: string) => join(certificates, name);
const TLS = { key: readFileSync(pem('localhost-key.pem')), cert: readFileSync(pem('localhost.pem')) };
const QUICK = { ...SMTP_LIMITS, connectionMs: 2_000, greetingMs: 400, silenceMs: 400, totalMs: 1_500 };

const MAIL: AddressedMail = {
  id: 'order-1 updated',
  to: 'anna@example.ch',
  subject: 'Mise à jour effectuée – « OM »',
  text: 'Bonjour,\n\nLe serveur est disponible.\n.\nÀ bientôt',
  messageId: '<abc@om-launcher.invalid>',
  date: Date.UTC(2026, 0, 5, 12, 0, 0),
};

/** A real mail server on loopback that keeps what it was given. */
async function mailServer(options: SMTPServerOptions = {}) {
  const received: ParsedMail[] = [];
  const recipients: string[] = [];
  const logins: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData: (stream, session, done) => {
      recipients.push(...session.envelope.rcptTo.map(({ address }) => address));
      void simpleParser(stream).then((mail) => {
        received.push(mail);
        done();
      }, done);
    },
    onAuth: (auth, _, done) => {
      logins.push(`${auth.username}:${auth.password}`);
      if (auth.password === 'right') done(null, { user: auth.username });
      else done(new Error('wrong user or password'));
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { received, recipients, logins, port: (server.server.address() as AddressInfo).port };
}

function transportTo(
  port: number,
  smtp: Partial<MailConfiguration['smtp']> = {},
  from = 'om@example.ch',
  limits = SMTP_LIMITS,
) {
  const configuration = { smtp: { host: '127.0.0.1', port, secure: 'none' as const, ...smtp }, from, to: [] };
  return createSmtpTransport(platform, configuration, limits);
}

/** A server that answers with the given lines, one a command, then keeps silent. */
async function silentServer(greeting?: string) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== undefined) socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

describe('sending over SMTP', () => {
  it('arrives whole: addresses, Message-ID, accents and the single dot', async () => {
    const server = await mailServer();
    expect(await transportTo(server.port).send(MAIL)).toEqual(succeed({ kind: 'accepted' }));
    expect(server.recipients).toEqual(['anna@example.ch']);
    const [mail] = server.received;
    expect(mail?.subject).toBe(MAIL.subject);
    expect(mail?.text?.trimEnd()).toBe(MAIL.text);
    expect(mail?.messageId).toBe(MAIL.messageId);
    expect(mail?.from?.text).toBe('om@example.ch');
    expect(mail?.date?.getTime()).toBe(MAIL.date);
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('logs in over STARTTLS with the password of a file, read at each try', async () => {
    const server = await mailServer({ ...TLS, disabledCommands: [], authOptional: false });
    const passwordFile = join(temporaryFolder('smtp'), 'password');
    writeFileSync(passwordFile, 'wrong\n');
    const login = { user: 'om', password: { kind: 'file' as const, path: passwordFile } };
    const transport = transportTo(server.port, {
      host: 'localhost',
      secure: 'starttls',
      ca: pem('authority.pem'),
      login,
    });
    expect(await transport.send(MAIL)).toMatchObject({ ok: false, fault: { code: 'mail-failed' } });
    writeFileSync(passwordFile, 'right\r\nsecond line\n');
    expect(await transport.send(MAIL)).toEqual(succeed({ kind: 'accepted' }));
    expect(server.logins).toEqual(['om:wrong', 'om:right']);
  });

  it('speaks TLS from the start', async () => {
    const server = await mailServer({ ...TLS, secure: true });
    const transport = transportTo(server.port, { host: 'localhost', secure: 'tls', ca: pem('authority.pem') });
    expect(await transport.send(MAIL)).toEqual(succeed({ kind: 'accepted' }));
  });

  it.each([
    ['an unknown authority', { ...TLS, disabledCommands: [] }, { host: 'localhost', secure: 'starttls' as const }],
    [
      'another host',
      { key: readFileSync(pem('elsewhere-key.pem')), cert: readFileSync(pem('elsewhere.pem')), disabledCommands: [] },
      { host: 'localhost', secure: 'starttls' as const, ca: pem('authority.pem') },
    ],
    ['no STARTTLS at all', {}, { secure: 'starttls' as const }],
  ])('sends nothing to %s', async (_, options, smtp) => {
    const server = await mailServer(options);
    expect(await transportTo(server.port, smtp).send(MAIL)).toMatchObject({
      ok: false,
      fault: { code: 'mail-failed' },
    });
    expect(server.received).toEqual([]);
  });

  it('takes 5xx about the recipient as final and 4xx as “later”', async () => {
    const codes = [550, 450];
    const server = await mailServer({
      onRcptTo: (_, __, done) => done(Object.assign(new Error('no'), { responseCode: codes.shift() })),
    });
    const transport = transportTo(server.port);
    expect(await transport.send(MAIL)).toMatchObject({ ok: true, value: { kind: 'refused-for-good' } });
    expect(await transport.send(MAIL)).toMatchObject({ ok: false, fault: { code: 'mail-failed' } });
  });

  it.each([
    ['says nothing', undefined],
    ['stops after its greeting', '220 hello\r\n'],
  ])('gives up on a server that %s', async (_, greeting) => {
    const server = await silentServer(greeting);
    const sent = await transportTo(server.port, {}, 'om@example.ch', QUICK).send(MAIL);
    expect(sent).toMatchObject({ ok: false, fault: { code: 'mail-failed', cause: { code: 'timed-out' } } });
  });

  it('gives up on a server that never finishes talking, and leaves no connection', async () => {
    const server = await silentServer('220-hello\r\n');
    const drip = setInterval(() => server.sockets.forEach((socket) => socket.write('220-still there\r\n')), 50);
    onTestFinished(() => clearInterval(drip));
    const limits = { ...QUICK, greetingMs: 60_000, silenceMs: 60_000, totalMs: 500 };
    const sent = await transportTo(server.port, {}, 'om@example.ch', limits).send(MAIL);
    expect(sent).toMatchObject({ ok: false, fault: { cause: { code: 'timed-out' } } });
    await until(() =>
      [...server.sockets].every((socket) => socket.readyState !== 'open' || socket.destroyed || socket.readableEnded),
    );
  });

  it('ends at once when told to', async () => {
    const server = await silentServer();
    const stop = new AbortController();
    const sent = transportTo(server.port).send(MAIL, stop.signal);
    await until(() => server.sockets.size === 1);
    stop.abort();
    expect(await sent).toMatchObject({ ok: false, fault: { cause: { code: 'cancelled' } } });
  });

  it('says so when nobody listens, and when the password is not there', async () => {
    const { port } = await silentServer();
    const login = { user: 'om', password: { kind: 'environment' as const, name: 'OM_NO_SUCH_VARIABLE' } };
    expect(await transportTo(1).send(MAIL)).toMatchObject({
      ok: false,
      fault: { cause: { code: 'connection-failed' } },
    });
    expect(await transportTo(port, { login }).send(MAIL)).toMatchObject({
      ok: false,
      fault: { code: 'configuration-invalid' },
    });
  });

  it('lets no value become a header', async () => {
    const server = await mailServer();
    const evil = '\r\nBcc: evil@example.ch\r\n\r\nbody';
    const mail = { ...MAIL, subject: `Update 1.0${evil}`, messageId: `<a@b>${evil}` };
    expect(await transportTo(server.port).send(mail)).toMatchObject({ ok: true });
    expect(server.recipients).toEqual(['anna@example.ch']);
    expect(server.received[0]?.headers.has('bcc')).toBe(false);
    expect(server.received[0]?.text?.trimEnd()).toBe(MAIL.text);
  });

  it('refused by 421 first: the outbox delivers it once', async () => {
    let refusals = 2;
    const server = await mailServer({
      onMailFrom: (_, __, done) =>
        refusals-- > 0 ? done(Object.assign(new Error('busy'), { responseCode: 421 })) : done(),
    });
    const clock = createFakeClock();
    const log = createRecordingLog();
    const folder = temporaryFolder('outbox');
    const outbox = createOutbox({ files: platform.files, clock, log, transport: transportTo(server.port) }, { folder });
    const stop = new AbortController();
    const ended = outbox.run(stop.signal);
    await outbox.enqueue(MAIL);
    await until(async () => (await clock.advance(10_000), server.received.length > 0));
    await until(async () => (await outbox.pending()).length === 0);
    stop.abort();
    await ended;
    expect(server.received).toHaveLength(1);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });
});
