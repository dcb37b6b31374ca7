import { cpSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../../launcher/api/client.ts';
import type { UpdateView } from '../../../launcher/api/schemas.ts';
import { type AdminChannel, openAdminChannel } from '../../e2e/kit/orders.ts';
import { demand, openSite, type Site } from '../../e2e/kit/site.ts';
import { awaitServer } from '../supervise/tiny-client.ts';
import { changeLocally, PROGRAM, writeBundle, writeVersion } from './bundle.ts';
import { probeSwap, type Swap } from './probe.ts';
import type { Programs } from './programs.ts';
import { openUser, type User } from './user.ts';

export interface SwapCase {
  /** Small files in the bundle beside the server. */
  readonly files: number;
  /** How long the server boots before it opens its port. */
  readonly bootMs: number;
  readonly rounds: number;
  /** The server gets its port from the launcher. */
  readonly handover?: boolean;
}

const START_LIMIT_MS = 60_000;
/** Staging a hundred thousand files on a busy machine. */
const STAGE_LIMIT_MS = 1_200_000;
const LOOK_EACH_MS = 100;
/** Longer than the bench: the user leaves before. */
const DELAY_SECONDS = 86_400;

/** Updates of one site by the real launcher from a real repository, one after the other. */
export async function swapByLauncher(
  folder: string,
  programs: Programs,
  launcher: readonly string[],
  { files, bootMs, rounds, handover = false }: SwapCase,
): Promise<readonly Swap[]> {
  mkdirSync(folder);
  const user = await openUser();
  const site = await openSite({
    folder,
    launcher,
    bundleName: 'Server',
    configure: ({ serverPort }) => configurationOf(serverPort, bootMs, user.port, handover),
  });
  const source = path.join(folder, 'source');
  const cleanUps: (() => unknown)[] = [() => user.close(), () => site.close()];
  try {
    await install(site, source, programs.server, files);
    await site.startLauncher();
    if ((await awaitServer(site.serverPort, undefined, START_LIMIT_MS)) === undefined)
      throw new Error('it did not start');
    const admin = await openAdminChannel(site.stateFolder);
    cleanUps.push(() => admin.close());
    const swaps: Swap[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const version = `1.0.${round}`;
      writeVersion(source, version);
      await site.publish(source, version);
      swaps.push(await swapOnce({ site, admin, user, probe: programs.probe }, version));
    }
    return swaps;
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

function configurationOf(port: number, bootMs: number, usersPort: number, handover: boolean): Record<string, unknown> {
  // A socket accepts before its server does, so the server is asked for an answer.
  const alive = { type: 'command', command: [`{bundle}/${PROGRAM}`, '--alive', String(port)] };
  return {
    product: 'business',
    server: {
      command: `{bundle}/${PROGRAM}`,
      args: [String(port), String(bootMs)],
      port,
      ...(handover && { handover: 'fd', handoverHost: '127.0.0.1' }),
      sessions: { port: usersPort },
      health: { probes: [handover ? alive : { type: 'tcp', port }], everySeconds: 0.2, watchSeconds: 1, passes: 2 },
    },
    updates: { delaySeconds: 0, keepOldDays: 0 },
    carryOver: { preset: false, rules: [{ pattern: 'settings.ini', action: 'always' }] },
  };
}

async function install(site: Site, source: string, server: string, files: number): Promise<void> {
  writeBundle(source, server, '1.0.0', files);
  await site.publish(source, '1.0.0');
  cpSync(source, `${site.bundle}.new`, { recursive: true });
  renameSync(`${site.bundle}.new`, site.bundle);
  changeLocally(site.bundle);
}

interface Ground {
  readonly site: Site;
  readonly admin: AdminChannel;
  readonly user: User;
  readonly probe: string;
}

/** Everything is staged and waits for the user, who leaves under the eyes of the probe. */
async function swapOnce({ site, admin: { client }, user, probe }: Ground, version: string): Promise<Swap> {
  await user.arrive();
  const { id } = demand(await client.orderUpdate({ version, delaySeconds: DELAY_SECONDS }));
  await viewed(client, id, waitsForUsers, STAGE_LIMIT_MS);
  const swap = await probeSwap(probe, site.serverPort, () => {
    user.leave();
  });
  await viewed(client, id, ({ state }) => state === 'updated', START_LIMIT_MS);
  return swap;
}

function waitsForUsers({ steps }: UpdateView): boolean {
  return steps.some(({ name, state }) => name === 'drain' && state === 'running');
}

async function viewed(
  client: ApiClient,
  id: string,
  wanted: (view: UpdateView) => boolean,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const view = await client.update(id);
    if (view.ok && wanted(view.value)) return;
    const over = view.ok && view.value.state !== 'running' && view.value.state !== 'scheduled';
    if (over || performance.now() > deadline) throw new Error(`the update went another way: ${JSON.stringify(view)}`);
    // A busy launcher may not answer in time.
    await sleep(LOOK_EACH_MS);
  }
}
