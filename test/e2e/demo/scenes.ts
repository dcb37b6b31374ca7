import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UpdateView } from '../../../launcher/api/schemas.ts';
import { connectClient, type OmClient, type ShownNotice } from '../../programs/om-client/om-client.ts';
import { until } from '../../kit/until.ts';
import { LOCAL_CHANGES, type OmSite, STRUCTURE } from '../kit/om-site.ts';
import { BROKEN, DELAY_SECONDS, GOOD, INSTALLED, publishBroken, SHORT_DELAY_SECONDS } from './demo-site.ts';
import { stepLines } from './step-lines.ts';

type Say = (line: string) => void;

/** What one scene showed. */
export interface Scene {
  readonly name: 'update' | 'fallback' | 'rollback';
  readonly view: UpdateView;
  readonly expected: UpdateView['state'];
  /** The version that answers afterwards, as the server itself says. */
  readonly running: string;
  readonly expectedVersion: string;
  readonly notices: readonly ShownNotice[];
  readonly carried: readonly string[];
  readonly mails: number;
}

export interface Play {
  readonly scenes: readonly Scene[];
  readonly mails: OmSite['mailbox']['mails'];
}

/** The orderer and the partner of the configuration, each outcome; the rollback is the partner's own order. */
export const MAILS_EXPECTED = 5;

const ORDER_LIMIT_MS = 60_000;
const SERVER_LIMIT_MS = 30_000;

/** Update, fallback, rollback: one after the other on the same machine. */
export async function playScenes(site: OmSite, say: Say): Promise<Play> {
  const launcher = await site.startLauncher();
  say(`The launcher runs (process ${launcher.pid}); OM Business Server ${INSTALLED} starts.`);
  await serverAnswers(site, INSTALLED);
  const scenes = [await updateScene(site, say), await fallbackScene(site, say), await rollbackScene(site, say)];
  await until(() => site.mailbox.mails.length >= MAILS_EXPECTED, 'the mails', SERVER_LIMIT_MS);
  return { scenes, mails: site.mailbox.mails };
}

/** The Administrator orders from OM Client; Anna leaves, Bruno is closed at the end of the delay. */
async function updateScene(site: OmSite, say: Say): Promise<Scene> {
  say(`\n— Update: the Administrator orders ${GOOD} from OM Client —`);
  const users = await openUsers(site);
  const { admin, anna, bruno } = users;
  admin.onNotice(({ text }) => say(`  [OM Client] ${text}`));
  await bruno.work('an invoice');
  const order = await admin.orderUpdate({ delaySeconds: DELAY_SECONDS, email: 'admin@example.ch', language: 'en' });
  const leaving = until(() => anna.notices().length > 0, 'the first notice', ORDER_LIMIT_MS).then(async () =>
    anna.leave(),
  );
  const view = await order.follow(ORDER_LIMIT_MS, stepLines(say));
  await leaving;
  const notices = bruno.notices();
  closeUsers(users);
  return sceneOf(site, { name: 'update', view, expected: 'updated', expectedVersion: GOOD, notices });
}

/** A release that becomes ready and dies: the launcher goes back by itself. */
async function fallbackScene(site: OmSite, say: Say): Promise<Scene> {
  say(`\n— Fallback: the vendor publishes ${BROKEN}, which dies soon after its start —`);
  await publishBroken(site);
  const users = await openUsers(site);
  users.admin.onNotice(({ text }) => say(`  [OM Client] ${text}`));
  const order = await users.admin.orderUpdate({
    delaySeconds: SHORT_DELAY_SECONDS,
    email: 'admin@example.ch',
    language: 'fr',
  });
  const view = await order.follow(ORDER_LIMIT_MS * 2, stepLines(say));
  const notices = users.bruno.notices();
  closeUsers(users);
  return sceneOf(site, { name: 'fallback', view, expected: 'fell-back', expectedVersion: GOOD, notices });
}

/** The partner goes back on the command line. */
async function rollbackScene(site: OmSite, say: Say): Promise<Scene> {
  say(`\n— Rollback: om-launcher --rollback —`);
  const users = await openUsers(site);
  const ended = await site.cli(
    ['--rollback', '--delay', `${SHORT_DELAY_SECONDS}s`, '--notify', 'partner@example.ch', '--json'],
    ORDER_LIMIT_MS,
  );
  const notices = users.bruno.notices();
  closeUsers(users);
  const view = lastView(ended.output, ended.errorOutput);
  stepLines(say)(view);
  return sceneOf(site, { name: 'rollback', view, expected: 'rolled-back', expectedVersion: INSTALLED, notices });
}

function lastView(output: string, errorOutput: string): UpdateView {
  const last = output.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last) as UpdateView;
  } catch {
    throw new Error(`the command line gave no JSON: ${output}${errorOutput}`);
  }
}

async function sceneOf(
  site: OmSite,
  scene: Pick<Scene, 'name' | 'view' | 'expected' | 'expectedVersion' | 'notices'>,
): Promise<Scene> {
  const running = await serverAnswers(site, scene.expectedVersion);
  const before = site.mailbox.mails.length;
  return { ...scene, running, carried: carriedFiles(site), mails: before };
}

/** Which local changes are there, byte for byte. */
function carriedFiles({ bundle }: OmSite): readonly string[] {
  const whole = Object.entries(LOCAL_CHANGES).filter(([path, content]) => sameBytes(join(bundle, path), content));
  const structure = `Server Database/${STRUCTURE}.4DZ`;
  return [...whole.map(([path]) => path), ...(sameBytes(join(bundle, structure)) ? [structure] : [])];
}

function sameBytes(path: string, content?: Buffer): boolean {
  try {
    const found = readFileSync(path);
    return content === undefined || found.equals(content);
  } catch {
    return false;
  }
}

/** Waits until the server itself answers with the version; gives what it says in the end. */
async function serverAnswers(site: OmSite, version: string): Promise<string> {
  let said = 'nothing';
  const ask = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${site.webPort}/status`, { signal: AbortSignal.timeout(2_000) });
    said = ((await response.json()) as { readonly version: string }).version;
    return said === version;
  };
  await until(
    async () => ask().catch(() => false),
    () => `the server to answer with ${version}; it says ${said}`,
    SERVER_LIMIT_MS,
  );
  return said;
}

interface Users {
  readonly admin: OmClient;
  readonly anna: OmClient;
  readonly bruno: OmClient;
}

async function openUsers(site: OmSite): Promise<Users> {
  const connect = async (user: string, password: string): Promise<OmClient> => {
    const client = await until(
      async () => connectClient({ host: '127.0.0.1', port: site.serverPort, user, password }).catch(() => undefined),
      `a connection for ${user}`,
      SERVER_LIMIT_MS,
    );
    await client.login();
    return client;
  };
  return {
    admin: await connect('Administrator', 'secret'),
    anna: await connect('anna', 'anna'),
    bruno: await connect('bruno', 'bruno'),
  };
}

function closeUsers({ admin, anna, bruno }: Users): void {
  [admin, anna, bruno].forEach((client) => client.destroy());
}
