import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { createRandom } from '../kit/seeded.ts';
import { freePort } from '../kit/free-port.ts';
import { runScript } from '../kit/program.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { valueOf } from './outcomes.ts';
import { controlOf, endAll, SERVER_PROGRAM, serverOptions } from './supervised.ts';

/**
 * 200 launchers, each killed at a random moment and followed at once by the next: the servers are counted from outside, by
 * what /proc says and not by any record of ours.
 */
const CHAINS = 2;
const KILLS_A_CHAIN = 100;
/** A whole launcher looks after every so many kills, and has to end up with the one server. */
const SETTLES_EVERY = 10;
/** From its first words to a ready server a launcher takes about a third of this; beyond, it only watches. */
const LATEST_DEATH_MS = 300;
const LIMIT_MS = 180_000;
const SEED = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);

const folder = resolve('.cache', `launcher-kills-${process.pid}`);
const launcher = join(folder, 'launcher.mjs');

/** Compiled once: 200 launchers would spend more time on reading their sources than on living. */
beforeAll(async () => {
  const entry = join(import.meta.dirname, '../programs/children/launcher.ts');
  await build({
    entryPoints: [entry],
    outfile: launcher,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `${CHAINS * KILLS_A_CHAIN} kills: never a second server, and always one in the end (KILL_SEED=${SEED})`,
  { timeout: LIMIT_MS },
  async () => {
    // Two at once: each waits most of its time.
    const chains = Array.from({ length: CHAINS }, async (_, chain) => killInTurn(await prepare(), SEED + chain));
    const starts = await Promise.all(chains);
    // Or the kills would have met nothing but adoptions.
    for (const struck of starts) expect(struck).toBeGreaterThan(KILLS_A_CHAIN / 5);
  },
);

/** Gives how many of the launchers found no server and were starting one. */
async function killInTurn(scene: Scene, seed: number): Promise<number> {
  const random = createRandom(seed);
  let starts = 0;
  for (let kill = 1; kill <= KILLS_A_CHAIN; kill += 1) {
    if (random() < 0.5) await endAll(scene.platform, scene.folder);
    starts += serversOn(scene.port).length === 0 ? 1 : 0;
    const one = runScript(launcher, [scene.optionsFile], { environment: { NODE_COMPILE_CACHE: folder } });
    await one.said(/begins/);
    await scene.platform.clock.sleep(LATEST_DEATH_MS * random() ** 2);
    one.signal('SIGKILL');
    await one.ended;
    expect(serversOn(scene.port).length, `after kill ${kill}`).toBeLessThanOrEqual(1);
    if (kill % SETTLES_EVERY === 0) await settle(scene);
  }
  return starts;
}

type Scene = Awaited<ReturnType<typeof prepare>>;

async function prepare() {
  const platform = openPlatform();
  const home = temporaryFolder('launcher-kills');
  const port = await freePort();
  for (const name of ['bundle', 'state', 'logs']) mkdirSync(join(home, name));
  onTestFinished(async () => {
    await endAll(platform, home);
    for (const pid of serversOn(port)) process.kill(pid, 'SIGKILL');
  });
  const options = serverOptions(home, port, ['--port', String(port)]);
  const optionsFile = join(home, 'options.json');
  writeFileSync(optionsFile, JSON.stringify(options));
  return { folder: home, optionsFile, options, platform, port };
}

/** The next launcher keeps what runs, or starts one; nothing else is left. */
async function settle({ folder: home, port, options, platform }: Scene): Promise<void> {
  const next = controlOf(home, port, options);
  const before = serversOn(port);
  const adopted = await next.control.adopt();
  const { process: server } = valueOf(await next.control.start());
  if (adopted !== undefined) expect(before).toEqual([server.pid]);
  expect(serversOn(port)).toEqual([server.pid]);
  expect(await platform.processes.portHolders(port)).toEqual([server]);
  await next.control.detach();
}

/** Every living process that runs the server's program for this port. */
function serversOn(port: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const words = textOf(`/proc/${name}/cmdline`).split('\0');
      return words.includes(SERVER_PROGRAM) && words[words.indexOf('--port') + 1] === String(port);
    })
    .map(Number);
}

/** Empty for a process that is gone, and for a zombie. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
