import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AddressedMail, Mail, MailTransport, SendOutcome } from '../../../launcher/mail/mail.ts';
import { createOutbox, OUTBOX_LIMIT } from '../../../launcher/mail/outbox.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

const { files } = openPlatform();
const MAIL: Mail = { id: 'order-1 updated', to: 'anna@example.ch', subject: 'Update done', text: 'Good day' };

function scene(answer: (mail: AddressedMail, attempt: number) => Promise<Result<SendOutcome>> | Result<SendOutcome>) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const sent: AddressedMail[] = [];
  const transport: MailTransport = {
    send: async (mail) => {
      sent.push(mail);
      return answer(mail, sent.length);
    },
  };
  return { clock, log, sent, transport };
}

const accept = () => succeed({ kind: 'accepted' } as const);
const busy = () => fail(faultOf('mail-failed', '421 busy'));

let folder = '';
beforeEach(() => {
  folder = join(temporaryFolder('outbox'), 'outbox');
});

/** Runs an outbox until the test ends. */
function running(parts: ReturnType<typeof scene>, withTransport = true) {
  const { transport, ...others } = parts;
  const outbox = createOutbox({ files, ...others, ...(withTransport ? { transport } : {}) }, { folder });
  const stop = new AbortController();
  const ended = outbox.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return { outbox, stop: async () => (stop.abort(), ended) };
}

const records = () =>
  readdirSync(folder)
    .filter((name) => /^[0-9a-f]{40}\.json$/.test(name))
    .map(
      (name) =>
        JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
          attempts: number;
          state: { kind: string; nextAt?: number; why?: string };
        },
    );

describe('the outbox', () => {
  it('sends at once and never twice', async () => {
    const parts = scene(accept);
    const { outbox } = running(parts);
    await outbox.enqueue(MAIL);
    await until(async () => (await outbox.pending()).length === 0 && parts.sent.length === 1);
    await until(() => records()[0]?.state.kind === 'sent');
    await outbox.enqueue(MAIL);
    await outbox.enqueue({ ...MAIL, to: 'Anna@Example.ch' });
    await outbox.enqueue({ ...MAIL, to: 'bob@example.ch' });
    await until(() => parts.sent.length === 2);
    expect(parts.sent.map(({ to }) => to)).toEqual(['anna@example.ch', 'bob@example.ch']);
    expect(new Set(parts.sent.map(({ messageId }) => messageId)).size).toBe(2);
  });

  it('tries again after 30 s, doubling to an hour, and gives up after seven days', async () => {
    const parts = scene(busy);
    const { outbox } = running(parts);
    await outbox.enqueue(MAIL);
    await until(() => parts.sent.length === 1);
    for (let tries = 1; tries < 9; tries += 1) {
      await until(async () => (await parts.clock.advance(240_000), parts.sent.length > tries));
    }
    const pauses = parts.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['delayMs']);
    expect(pauses.slice(0, 8)).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600].map((seconds) => seconds * 1000));
    parts.clock.jump(8 * 86_400_000);
    await until(async () => (await parts.clock.advance(60_000), records()[0]?.state.kind === 'given-up'));
    await until(() => parts.log.messages().includes('mail given up'));
    expect(await outbox.pending()).toEqual([]);
  });

  it('does not try again what was refused for good', async () => {
    const parts = scene(() => succeed({ kind: 'refused-for-good', why: '550 no such user' }));
    const { outbox } = running(parts);
    await outbox.enqueue(MAIL);
    await until(() => records()[0]?.state.kind === 'given-up');
    await parts.clock.advance(7_200_000);
    expect(parts.sent).toHaveLength(1);
    expect(records()[0]?.state.why).toBe('550 no such user');
  });

  it('keeps mails without a mail server, and sends them once there is one', async () => {
    const parts = scene(accept);
    const first = running(parts, false);
    expect(await first.outbox.enqueue(MAIL)).toEqual(succeed());
    await parts.clock.advance(86_400_000);
    expect(await first.outbox.pending()).toHaveLength(1);
    await first.stop();
    running(parts);
    await until(() => parts.sent.length === 1);
  });

  it('killed between the mail server’s yes and the record: sends again under the same Message-ID', async () => {
    const parts = scene((_, attempt) => (attempt === 1 ? new Promise(() => undefined) : accept()));
    const dead = createOutbox({ files, ...parts }, { folder });
    void dead.run(new AbortController().signal);
    await dead.enqueue(MAIL);
    await until(() => parts.sent.length === 1);
    expect(records()[0]?.state.kind).toBe('handing-over');
    const { outbox } = running(parts);
    await until(() => parts.sent.length === 2 && records()[0]?.state.kind === 'sent');
    expect(parts.sent[0]?.messageId).toBe(parts.sent[1]?.messageId);
    expect(parts.log.messages()).toContain('a mail may have been sent before a crash; sending it again');
    await outbox.enqueue(MAIL);
    expect(parts.sent).toHaveLength(2);
  });

  it('takes no more than its limit', async () => {
    const parts = scene(accept);
    const outbox = createOutbox({ files, clock: parts.clock, log: parts.log }, { folder });
    const template = {
      schema: 1,
      to: 'a@b.ch',
      subject: 's',
      text: 't',
      messageId: '<m>',
      queuedAt: 1,
      attempts: 0,
      state: { kind: 'waiting', nextAt: 1 },
    };
    mkdirSync(folder);
    for (let index = 0; index < OUTBOX_LIMIT; index += 1) {
      writeFileSync(
        join(folder, `${index.toString(16).padStart(40, '0')}.json`),
        JSON.stringify({ ...template, id: `m${index}` }),
      );
    }
    expect(await outbox.enqueue(MAIL)).toMatchObject({ ok: false, fault: { code: 'mail-failed' } });
  });

  it('sets damaged files aside and goes on', async () => {
    const parts = scene(accept);
    mkdirSync(folder);
    writeFileSync(join(folder, `${'a'.repeat(40)}.json`), '{"schema":1');
    writeFileSync(join(folder, 'notes.txt'), 'somebody’s');
    const { outbox } = running(parts);
    await outbox.enqueue(MAIL);
    await until(() => parts.sent.length === 1);
    expect(readdirSync(folder).some((name) => name.startsWith(`${'a'.repeat(40)}.json.unreadable-`))).toBe(true);
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('somebody’s');
  });

  it('refuses an address that is none, and keeps line breaks out of the subject', async () => {
    const parts = scene(accept);
    const { outbox } = running(parts);
    for (const to of ['', 'a', 'a@b\r\nBcc: x@y', 'a@b,c@d', 'A <a@b.ch>', `${'x'.repeat(70)}@b.ch`, 'a..b@c.ch']) {
      expect(await outbox.enqueue({ ...MAIL, to }), to).toMatchObject({
        ok: false,
        fault: { code: 'request-invalid' },
      });
    }
    await outbox.enqueue({ ...MAIL, subject: 'Update 1.0\r\nBcc: evil@example.ch\u2028x' });
    await until(() => parts.sent.length === 1);
    expect(parts.sent[0]?.subject).toBe('Update 1.0 Bcc: evil@example.ch x');
  });
});
