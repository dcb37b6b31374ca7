import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../launcher/api/client.ts';
import type { OrderAnswer } from '../../launcher/api/messages.ts';
import type { UpdateView } from '../../launcher/api/schemas.ts';
import type { Result } from '../../platform/result.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { type AdminChannel, openAdminChannel } from '../e2e/kit/orders.ts';
import { until } from '../kit/until.ts';

const [TAKEN_LIMIT_MS, UP_LIMIT_MS, RETRY_MS] = [60_000, 60_000, 100];
const COMMAND_LIMIT_MS = 150_000;

/** An order has its id, so that whoever gave it may ask again and again: a launcher that is away is no reason to give up. */
export async function giveOrder(
  site: OmSite,
  give: (api: ApiClient) => Promise<Result<OrderAnswer>>,
): Promise<OrderAnswer> {
  let last = 'nothing';
  return until(
    async () => {
      const answer = await withChannel(site, async ({ client }) => give(client));
      if (answer?.ok === true) return answer.value;
      last = answer === undefined ? 'no launcher' : `${answer.fault.code}: ${answer.fault.detail}`;
      await sleep(RETRY_MS);
      return undefined;
    },
    () => `the launcher to take the order; the last answer was ${last}`,
    TAKEN_LIMIT_MS,
  );
}

/** `om-launcher --rollback` on a second terminal, followed to its end; gives the order's id. */
export async function rollBackOnCommandLine(site: OmSite, notify: string): Promise<string> {
  const { exit, output, errorOutput } = await site.cli(['--rollback', '--notify', notify, '--json'], COMMAND_LIMIT_MS);
  try {
    return (JSON.parse(output.trim().split('\n').at(-1) ?? '') as UpdateView).id;
  } catch {
    throw new Error(`--rollback ended with ${exit} and told no order: ${output}${errorOutput}`);
  }
}

/** Waits until the launcher says that the server is up. */
export async function isUp(site: OmSite): Promise<void> {
  let last = 'no launcher';
  await until(
    async () => {
      const status = await withChannel(site, async ({ client }) => client.status());
      last = status === undefined ? 'no launcher' : status.ok ? status.value.state : status.fault.code;
      if (last === 'up') return true;
      await sleep(RETRY_MS);
      return false;
    },
    () => `the server to be up; it is ${last}`,
    UP_LIMIT_MS,
  );
}

/** Undefined while there is no launcher. */
export async function withChannel<Value>(
  site: OmSite,
  use: (channel: AdminChannel) => Promise<Value>,
): Promise<Value | undefined> {
  const channel = await openAdminChannel(site.stateFolder).catch(() => undefined);
  if (channel === undefined) return undefined;
  try {
    return await use(channel);
  } finally {
    await channel.close();
  }
}
