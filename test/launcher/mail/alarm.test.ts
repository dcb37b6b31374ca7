import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfiguration } from '../../../launcher/configuration/load.ts';
import { mailAlarm } from '../../../launcher/mail/alarm-mail.ts';
import type { Mail } from '../../../launcher/mail/mail.ts';
import type { Outbox } from '../../../launcher/mail/outbox.ts';
import { openLauncher } from '../../../launcher/wiring/launcher.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import { succeed } from '../../../platform/result.ts';
import { openMailbox } from '../../e2e/kit/mailbox.ts';
import { freePort } from '../../kit/free-port.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';
import { valueOf } from '../../supervisor/outcomes.ts';

const PATIENCE_MS = 60_000;

/** Ends at once while the file `broken` is there, else listens. */
const SERVER = `
const { existsSync } = require('node:fs');
const [, , broken, port] = process.argv;
if (existsSync(broken)) process.exit(3);
require('node:net').createServer((socket) => socket.on('error', () => undefined).resume()).listen(Number(port), '127.0.0.1');
`;

async function openScene() {
  const folder = temporaryFolder('alarm-mail');
  const mailbox = await openMailbox();
  onTestFinished(() => mailbox.close());
  const port = await freePort();
  const broken = join(folder, 'broken');
  const config = join(folder, 'om-launcher.json');
  mkdirSync(join(folder, 'om', 'app'), { recursive: true });
  writeFileSync(join(folder, 'server.cjs'), SERVER);
  const settings = {
    name: 'demo',
    folder: join(folder, 'om'),
    bundle: 'app',
    stateFolder: join(folder, 'state'),
    language: 'de',
    server: {
      command: process.execPath,
      args: [join(folder, 'server.cjs'), broken, String(port)],
      port,
      restart: { firstDelaySeconds: 0.05, maximumDelaySeconds: 0.2, alarmCrashes: 2, alarmSeconds: 3 },
    },
    port: { listen: `127.0.0.1:${await freePort()}` },
    mail: {
      smtp: { host: '127.0.0.1', port: mailbox.port, secure: 'none' },
      from: 'om@example.ch',
      to: ['anna@example.ch'],
    },
  };
  writeFileSync(config, JSON.stringify(settings));
  /** A launcher in this process, wired as `om-launcher run` wires it. */
  const launch = async () => {
    const platform = openPlatform();
    const loaded = await loadConfiguration(platform.files, platform.machine, config);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.fault));
    const launcher = valueOf(await openLauncher(platform, loaded.value, createRecordingLog()));
    await launcher.start();
    return launcher;
  };
  return { mailbox, broken, launch };
}

test('a crash loop makes one mail, its end another, and the next launcher sends none twice', async () => {
  const { mailbox, broken, launch } = await openScene();
  writeFileSync(broken, '');
  const first = await launch();
  await until(() => mailbox.mails.length > 0, 'the alarm', PATIENCE_MS);
  await first.close('leave');
  const next = await launch();
  onTestFinished(async () => {
    await next.close('stop');
  });
  await until(() => next.server.counts().crashes >= 4, 'more crashes', PATIENCE_MS);
  const ill = await next.application.status('de');
  expect(ill.restarts).toMatchObject({ windowSeconds: 3, alarmSince: expect.any(String) as string });
  rmSync(broken);
  await until(() => next.server.state().kind === 'up', 'the server', PATIENCE_MS);
  expect(await next.application.status('de')).toMatchObject({ state: 'degraded' });
  await until(() => mailbox.mails.length > 1, 'the end of the alarm', PATIENCE_MS);
  const well = await next.application.status('de');
  expect(well).toMatchObject({ state: 'up' });
  expect(well).not.toHaveProperty('restarts');
  expect(mailbox.mails.map(({ to, subject }) => [to, subject])).toEqual([
    ['anna@example.ch', 'demo: der Server bleibt nicht am Laufen'],
    ['anna@example.ch', 'demo: der Server läuft wieder beständig'],
  ]);
  expect(mailbox.mails[0]?.text).toContain('innert 3 Sekunden');
  expect(mailbox.mails[0]?.text).toContain('Grund: Der Server hat sich von selbst beendet.');
}, 120_000);

test('a server that is left alone although it does not answer makes a mail of its own kind', async () => {
  const mails: Mail[] = [];
  const enqueue = (mail: Mail) => {
    mails.push(mail);
    return Promise.resolve(succeed());
  };
  const cause = faultOf('server-unhealthy', 'unwell', { values: { probe: 'http', leftAlone: 'at-work' } });
  const event = { kind: 'alarm-raised', since: 1, crashes: 0, windowMs: 600_000, cause, at: 1 } as const;
  const options = { name: 'demo', host: 'here', language: 'en', to: ['anna@example.ch', 'beat@example.ch'] } as const;
  await mailAlarm({ outbox: { enqueue } as unknown as Outbox, log: createRecordingLog() }, options, event, 'It runs');
  expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
    ['anna@example.ch', 'demo: the server runs, but does not answer'],
    ['beat@example.ch', 'demo: the server runs, but does not answer'],
  ]);
  expect(mails[0]?.text).toContain('the launcher does not end it');
  expect(mails[0]?.text).not.toContain('failed runs');
});
