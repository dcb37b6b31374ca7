import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Value } from '@sinclair/typebox/value';
import type { ApiClient } from '../../launcher/api/client.ts';
import type { OrderAnswer } from '../../launcher/api/messages.ts';
import { isMailFile, QueuedMail } from '../../launcher/mail/queued-mail.ts';
import type { Outcome } from '../../installer/update/order.ts';
import type { Result } from '../../platform/result.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { openAdminChannel } from '../e2e/kit/orders.ts';
import type { RunningLauncher } from '../e2e/kit/site.ts';
import { journalsOf, told } from '../e2e/kit/scene.ts';
import { until } from '../kit/until.ts';

/** A launcher on its way, traced or not. */
export interface Running {
  output(): string;
  hasEnded(): boolean;
}

export function follow(launcher: RunningLauncher): Running {
  let ended = false;
  void launcher.ended.then(() => {
    ended = true;
  });
  return { output: () => launcher.output(), hasEnded: () => ended };
}

type GiveOrder = (api: ApiClient) => Promise<Result<OrderAnswer>>;

const LOOK_EACH_MS = 70;

/** A write that the journal refuses is tried again after a minute; everything else takes seconds. */
const SETTLE_LIMIT_MS = 150_000;
const START_LIMIT_MS = 45_000;
/** A mail whose try could not be noted waits for a minute. */
const MAIL_LIMIT_MS = 90_000;

/** A plain launcher until its server is up and recorded, then ended with its server. */
export async function launchUntilUp(site: OmSite): Promise<void> {
  await launchAndOrder(site, undefined);
}

export async function launchAndOrder(site: OmSite, order: GiveOrder | undefined): Promise<void> {
  const launcher = await site.startLauncher();
  await play(site, follow(launcher), order);
  await until(() => readdirSync(site.stateFolder).includes('installed.json'), 'the record of what is installed');
  launcher.kill('SIGTERM');
  await launcher.ended;
}

/**
 * Follows a launcher until everything has come to rest: its server is up, the order (if any) has settled, mails are sent.
 *
 * Ends early when the launcher has ended. Gives what the port said to the order.
 */
export async function play(
  site: OmSite,
  launcher: Running,
  order: GiveOrder | undefined,
): Promise<Result<OrderAnswer> | undefined> {
  const sentBefore = new Set(mailsOf(site).flatMap((mail) => (mail.state.kind === 'sent' ? [mail.id] : [])));
  const orEnded = async (
    condition: () => boolean | Promise<boolean>,
    what: () => string,
    limit: number,
  ): Promise<void> => {
    await until(async () => launcher.hasEnded() || (await condition()), what, limit);
  };
  await orEnded(
    () => launcher.output().includes('ready'),
    () => `the launcher to start: ${launcher.output()}`,
    START_LIMIT_MS,
  );
  if (launcher.hasEnded()) return undefined;
  const channel = await openAdminChannel(site.stateFolder);
  try {
    const up = async (): Promise<boolean> => {
      // To ask costs both sides time of a core: not before the launcher has said so.
      if (!saysUp(launcher)) return sleep(LOOK_EACH_MS, false);
      const status = await channel.client.status();
      return (status.ok && status.value.state === 'up') || sleep(LOOK_EACH_MS, false);
    };
    const telling = (): string => `${tellJournal(site)}; ${launcher.output().slice(-1_000)}`;
    await orEnded(up, () => `the server to be up: ${telling()}`, START_LIMIT_MS);
    const answer = order === undefined || launcher.hasEnded() ? undefined : await order(channel.client);
    await orEnded(
      async () => isSettled(site) || (await sleep(LOOK_EACH_MS, false)),
      () => `the order to settle: ${telling()}`,
      SETTLE_LIMIT_MS,
    );
    await orEnded(up, () => `the server to be up again: ${telling()}`, START_LIMIT_MS);
    await orEnded(
      async () =>
        mailsOf(site).every((mail) => sentBefore.has(mail.id) || isAtRest(mail, launcher)) ||
        (await sleep(LOOK_EACH_MS, false)),
      () => `the mails to be sent: ${telling()}`,
      MAIL_LIMIT_MS,
    );
    return answer;
  } finally {
    await channel.close();
  }
}

/** The last change of the server's state that the launcher told of was to `up`. */
function saysUp(launcher: Running): boolean {
  return [...launcher.output().matchAll(/ server: \w+ → (\w+)/g)].at(-1)?.[1] === 'up';
}

export function outcomesOf(site: OmSite): readonly (Outcome | 'open')[] {
  return journalsOf(site).map((journal) => journal.find((entry) => entry.kind === 'settled')?.outcome ?? 'open');
}

function isSettled(site: OmSite): boolean {
  return !outcomesOf(site).includes('open');
}

/** The newest order's journal, as what each line says. */
export function linesOf(site: OmSite): readonly string[] {
  const entries = journalsOf(site).at(-1) ?? [];
  return entries.map((entry) => `${entry.kind}${'step' in entry ? ` ${entry.step}` : ''}`);
}

export function tellJournal(site: OmSite): string {
  const newest = journalsOf(site).at(-1);
  return newest === undefined ? 'no order was written down' : told(newest);
}

/** Those that can be read. */
function mailsOf(site: OmSite): readonly QueuedMail[] {
  const folder = join(site.stateFolder, 'outbox');
  return namesIn(folder)
    .filter(isMailFile)
    .map((name): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .filter((mail) => Value.Check(QueuedMail, mail));
}

/**
 * A mail that waits for a later try has come to rest as well. That it was sent can be read before its name is on disk; the
 * launcher tells it afterwards, and the call in between may be the one that is to be struck.
 */
function isAtRest({ id, state }: QueuedMail, launcher: Running): boolean {
  switch (state.kind) {
    case 'sent':
      return launcher.output().includes(`mail sent mail=${JSON.stringify(id)}`);
    case 'waiting':
      return state.nextAt > Date.now() + SOON_MS;
    case 'handing-over':
      return false;
    case 'given-up':
      return true;
  }
}

const SOON_MS = 3_000;

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
