import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { writeCrash } from '../../../supervisor/crashes/crash-bundle.ts';
import { runScript } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { valueOf } from '../../supervisor/outcomes.ts';

const { files, clock } = openPlatform();
const LAUNCHER = join(import.meta.dirname, '../../../launcher/main.ts');
const DAY_MS = 86_400_000;

/** A site whose server crashed some days ago. */
async function crashedSite(days: number): Promise<{ readonly configuration: string; readonly bundle: string }> {
  const folder = temporaryFolder('logs');
  const logs = join(folder, 'state', 'logs');
  mkdirSync(logs, { recursive: true });
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(logs, 'server.log'), 'first line\nlast words\n');
  writeFileSync(join(logs, 'launcher.log'), '{"level":50,"time":"T","msg":"the server ended"}\n');
  const configuration = join(folder, 'om-launcher.json');
  const server = { command: process.execPath };
  writeFileSync(
    configuration,
    JSON.stringify({ name: 'trial', folder, bundle: 'app', stateFolder: join(folder, 'state'), server }),
  );
  const crash = await writeCrash(files, logs, {
    at: new Date(clock.now() - days * DAY_MS).toISOString(),
    ...{ exit: { kind: 'signalled', signal: 'SIGSEGV' }, processId: 1, watchedMs: 1, readyMs: 0, restartAttempt: 0 },
    ...{ fingerprint: '0123456789ab', memory: [], output: ['last words'] },
    versions: { launcher: '1.0.0', system: 'Example', platform: 'linux-x64' },
  });
  return { configuration, bundle: valueOf(crash).path };
}

async function logsOf(configuration: string, ...more: readonly string[]): Promise<readonly string[]> {
  const program = runScript(LAUNCHER, ['--config', configuration, '--lang', 'en', ...more, 'logs', '-n', '1']);
  expect(await program.ended, program.errorOutput()).toBe(0);
  return program.output().trim().split('\n');
}

it('ends with where the newest crash bundle lies', async () => {
  const { configuration, bundle } = await crashedSite(1);
  expect(await logsOf(configuration)).toEqual([
    'launcher  T error: the server ended',
    'server    last words',
    expect.stringMatching(/^Last crash: .+ · signal SIGSEGV · 0123456789ab ×1 · /),
  ]);
  const [, , crash = ''] = await logsOf(configuration, '--json');
  expect(JSON.parse(crash)).toMatchObject({ log: 'crash', exitSignal: 'SIGSEGV', bundle });
});

it('says nothing of a crash of long ago', async () => {
  const { configuration } = await crashedSite(8);
  expect(await logsOf(configuration)).toHaveLength(2);
});
