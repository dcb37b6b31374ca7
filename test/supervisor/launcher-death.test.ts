import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { freePort } from '../kit/free-port.ts';
import { runScript } from '../kit/program.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';
import { endAll, readRecord, serverOptions } from './supervised.ts';

const LAUNCHER = join(import.meta.dirname, '../programs/children/launcher.ts');
const ROUNDS = 20;
/** Longer than a launcher needs from its first words to a ready server on an idle machine. */
const LATEST_DEATH_MS = 400;
const LONG_MS = 120_000;

test(
  'a launcher killed at any moment: the next one finds the server, and there is exactly one',
  { timeout: LONG_MS },
  async () => {
    const { folder, optionsFile, platform, port } = await prepare();
    for (let round = 0; round < ROUNDS; round += 1) {
      // Spread evenly over the whole start rather than drawn, so that every run tries every part of it.
      const first = runScript(LAUNCHER, [optionsFile]);
      await first.said(/begins/);
      await new Promise((resolve) => setTimeout(resolve, (LATEST_DEATH_MS * round) / ROUNDS));
      first.signal('SIGKILL');
      await first.ended;
      const before = await serversOf(platform, folder);
      expect(before.length).toBeLessThanOrEqual(1);

      const second = runScript(LAUNCHER, [optionsFile]);
      const [, pid] = await second.said(/^up (\d+)$/m);
      const after = await serversOf(platform, folder);
      expect(after.map(({ pid: living }) => String(living))).toEqual([pid]);
      if (before[0]) expect(after).toEqual(before);
      expect((await platform.processes.portHolders(port)).map((holder) => holder?.pid)).toEqual([Number(pid)]);
      second.signal('SIGKILL');
      await second.ended;
      if (round % 2 === 0) await endAll(platform, folder);
    }
  },
);

test('the record is the only thing between intent and spawn that is missing: the server is still found', async () => {
  const { folder, optionsFile, platform } = await prepare();
  const first = runScript(LAUNCHER, [optionsFile]);
  const [, pid] = await first.said(/^up (\d+)$/m);
  first.signal('SIGKILL');
  await first.ended;
  const { nonce, bootId } = readRecord(folder);
  const intent = { schema: 1, kind: 'intent', nonce, bootId };
  writeFileSync(join(folder, 'state', 'server-child.json'), JSON.stringify(intent));
  const second = runScript(LAUNCHER, [optionsFile]);
  await second.said(new RegExp(`^adopted ${pid ?? ''}$`, 'm'));
  await second.said(new RegExp(`^up ${pid ?? ''}$`, 'm'));
  await until(async () => (await serversOf(platform, folder)).length === 1);
});

async function prepare() {
  const platform = openPlatform();
  const folder = temporaryFolder('launcher-death');
  onTestFinished(() => endAll(platform, folder));
  const port = await freePort();
  mkdirSync(join(folder, 'bundle'));
  mkdirSync(join(folder, 'state'));
  const optionsFile = join(folder, 'options.json');
  writeFileSync(optionsFile, JSON.stringify(serverOptions(folder, port, ['--port', String(port)])));
  return { folder, optionsFile, platform, port };
}

/** Every process that was started as a server of this folder, whichever launcher started it. */
async function serversOf(platform: ReturnType<typeof openPlatform>, folder: string) {
  let nonce: unknown;
  try {
    nonce = readRecord(folder)['nonce'];
  } catch {
    return [];
  }
  return platform.processes.findByNonce(String(nonce));
}
