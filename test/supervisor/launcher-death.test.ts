import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import type { ProcessIdentity } from '../../platform/processes.ts';
import { freePort } from '../kit/free-port.ts';
import { runScript } from '../kit/program.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { valueOf } from './outcomes.ts';
import { controlOf, endAll, readRecord, serverOptions, type Supervised } from './supervised.ts';

const LAUNCHER = join(import.meta.dirname, '../programs/children/launcher.ts');
/** Intent, token, rotation of the output, spawn, record, record of the readiness. */
const ACTS = 6;
const LONG_MS = 120_000;

test(
  'killed before or after any act of a start: the next launcher ends up with exactly one server',
  {
    timeout: LONG_MS,
  },
  async () => {
    const scene = await prepare();
    const found: number[] = [];
    for (let act = 1; act <= ACTS; act += 1) {
      for (const moment of ['before', 'after']) {
        const first = runScript(LAUNCHER, [scene.optionsFile, moment, String(act)]);
        expect(await first.ended).toBe('SIGKILL');
        const orphans = await succeedIt(scene);
        found.push(orphans.length);
        await endAll(scene.platform, scene.folder);
      }
    }
    // Nobody before the spawn, one server from the spawn on, whether or not its record was written.
    expect(found).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  },
);

type Scene = Awaited<ReturnType<typeof prepare>>;

async function prepare() {
  const platform = openPlatform();
  const folder = temporaryFolder('launcher-death');
  onTestFinished(() => endAll(platform, folder));
  const port = await freePort();
  for (const name of ['bundle', 'state', 'logs']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'logs', 'server.log'), 'of an earlier run\n');
  const options = serverOptions(folder, port, ['--port', String(port)]);
  const optionsFile = join(folder, 'options.json');
  writeFileSync(optionsFile, JSON.stringify(options));
  return { folder, optionsFile, options, platform, port };
}

/** The next launcher adopts or starts; gives the servers that were there before it. */
async function succeedIt({ folder, port, options, platform }: Scene): Promise<readonly ProcessIdentity[]> {
  const before = await serversOf(platform, folder);
  expect(before.length).toBeLessThanOrEqual(1);
  const next: Supervised = controlOf(folder, port, options);
  const adopted = await next.control.adopt();
  expect(adopted).toEqual(before[0]);
  const { process } = valueOf(await next.control.start());
  if (before[0]) expect(process).toEqual(before[0]);
  expect(await serversOf(platform, folder)).toEqual([process]);
  expect(await platform.processes.portHolders(port)).toEqual([process]);
  await next.control.detach();
  return before;
}

/** Every process of the last start, whichever launcher made it; earlier starts were proven to be over before it. */
async function serversOf(platform: Supervised['platform'], folder: string): Promise<readonly ProcessIdentity[]> {
  let nonce: unknown;
  try {
    nonce = readRecord(folder)['nonce'];
  } catch {
    return [];
  }
  return platform.processes.findByNonce(String(nonce));
}
