import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryView, StatusView, UpdateView } from '../../../launcher/api/schemas.ts';
import { LAUNCHER_VERSION } from '../../../launcher/version.ts';
import { type OmSite, openOmSite } from '../../e2e/kit/om-site.ts';
import type { CliEnd, RunningLauncher } from '../../e2e/kit/site.ts';
import { launcherCommand } from '../../kit/launcher-command.ts';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

/** One machine for all scenes, in order: each leaves it as the next expects it. */
const folder = makeTemporaryFolder('cli');
const [NODE, MAIN] = launcherCommand();
const BOOT_MS = 30_000;
const UPDATE_MS = 120_000;

let site: OmSite;
let launcher: RunningLauncher;

beforeAll(async () => {
  site = await openOmSite({ folder: folder.path, watchSeconds: 2, delaySeconds: 1 });
  launcher = await site.startLauncher();
  await until(async () => (await site.cli(['status'])).exit === 0, 'the server to be up', BOOT_MS);
}, BOOT_MS * 2);

afterAll(async () => {
  await site.close();
  folder.remove();
}, BOOT_MS);

const lastLine = ({ output }: CliEnd): string => output.trimEnd().split('\n').at(-1) ?? '';
const json = (end: CliEnd): unknown => JSON.parse(lastLine(end));

describe('a running launcher', { timeout: UPDATE_MS }, () => {
  it('tells its status to people and to programs', async () => {
    const people = await site.cli(['status']);
    expect(people).toMatchObject({ exit: 0, errorOutput: '' });
    expect(people.output).toMatch(/^Server +● demo · The server is running \(version 2026\.1\.0\)/);
    expect(lastLine(people)).toBe('The server is running (version 2026.1.0).');
    expect(people.output).not.toContain('\u001b');
    const status = json(await site.cli(['--status', '--json'])) as StatusView;
    expect(status).toMatchObject({ state: 'up', launcherVersion: LAUNCHER_VERSION, launcherProcessId: launcher.pid });
    expect(lastLine(await site.cli(['status', '--lang', 'it', '--quiet']))).toMatch(/^Il server funziona/);
  });

  it('has nothing to update to, to cancel or to go back to at first', async () => {
    expect(await site.cli(['check'])).toMatchObject({ exit: 6 });
    expect(await site.cli(['update', '--no-wait', '--dry-run'])).toMatchObject({ exit: 6 });
    expect(await site.cli(['cancel'])).toMatchObject({ exit: 6 });
    const rollback = await site.cli(['rollback', '--lang', 'de']);
    expect(rollback).toMatchObject({ exit: 6 });
    expect(lastLine(rollback)).toBe('Es gibt nichts zu tun.');
  });

  it('is the only one', async () => {
    const second = await site.cli(['run']);
    expect(second.exit).toBe(5);
    expect(second.errorOutput).toContain('[launcher-running]');
  });

  it('makes, lists and revokes tokens', async () => {
    const made = await site.cli(['token', 'create', 'scripts', '--scope', 'update']);
    expect(lastLine(made)).toMatch(/^omt_[\w-]{40,}$/);
    expect((await site.cli(['token', 'list'])).output).toMatch(/scripts +update/);
    expect(await site.cli(['token', 'revoke', 'scripts'])).toMatchObject({ exit: 0 });
    expect(await site.cli(['token', 'revoke', 'scripts'])).toMatchObject({ exit: 7 });
  });

  it('stops and starts the server on order, not itself', async () => {
    expect(lastLine(await site.cli(['stop']))).toBe('The server is not running.');
    expect(await site.cli(['status'])).toMatchObject({ exit: 3 });
    expect(lastLine(await site.cli(['start']))).toBe('The server is running.');
    expect(await site.cli(['status'])).toMatchObject({ exit: 0 });
  });

  it('shows both logs', async () => {
    const { output, exit } = await site.cli(['logs', '-n', '200']);
    expect(exit).toBe(0);
    expect(output).toMatch(/^launcher {2}\S+Z ready port=/m);
    expect(output).toMatch(/^server {4}.*2026\.1\.0/m);
  });
});

describe('an update', { timeout: UPDATE_MS }, () => {
  it('is refused as not trusted from a repository that was tampered with', async () => {
    await site.release('2026.2.0');
    const metadata = join(site.repository, 'metadata');
    const file = join(metadata, 'timestamp.json');
    const genuine = readFileSync(file);
    writeFileSync(file, genuine.toString().replace(/"expires":\s*"20\d\d/, '"expires": "2099'));
    const refused = await site.cli(['update']);
    writeFileSync(file, genuine);
    expect({ exit: refused.exit, last: lastLine(refused) }).toEqual({
      exit: 9,
      last: 'Not trusted; nothing was installed.',
    });
    expect(refused.errorOutput).toMatch(/The server is running.*\nWhat to do: .*\[signature-invalid\]/s);
  });

  it('is refused by a precondition when the folder is not as it must be', async () => {
    const away = `${site.bundle}-away`;
    renameSync(site.bundle, away);
    const refused = await site.cli(['update', '--dry-run']);
    renameSync(away, site.bundle);
    expect(refused.exit).toBe(7);
    expect(refused.output).toMatch(/^✗ .*\n {4}→ /m);
    // On a busy machine the server misses its files meanwhile, ends, and is started again.
    await until(async () => (await site.status()).state === 'up', 'the server to be up again', UPDATE_MS);
  });

  it('can be tried without changing anything', async () => {
    const tried = await site.cli(['update', '--dry-run']);
    expect(tried.output).not.toContain('✗');
    expect({ exit: tried.exit, last: lastLine(tried) }).toEqual({
      exit: 0,
      last: 'All conditions are met; nothing was changed.',
    });
    expect(tried.output).toMatch(/^✓ release: 2026\.1\.0 → 2026\.2\.0$/m);
    expect((await site.status()).version).toBe('2026.1.0');
    expect(readdirSync(site.officeMaker)).not.toContain('OM Business_old');
  });

  it(
    'can be planned and cancelled, and ends with the view as the last line for programs',
    async () => {
      const planned = site.cli(['update', '--at', '2099-01-01T00:00', '--json']);
      await until(
        async () => (await site.status()).update?.state === 'scheduled',
        'the update to be planned',
        UPDATE_MS,
      );
      expect(await site.cli(['cancel'])).toMatchObject({ exit: 0 });
      const end = await planned;
      expect(end.exit).toBe(1);
      expect(json(end) as UpdateView).toMatchObject({ state: 'cancelled', kind: 'update' });
    },
    UPDATE_MS,
  );

  it(
    'outlives the command that follows it, and is the only order at a time',
    async () => {
      const following = spawn(NODE, [MAIN, 'update', '--delay', '3s', '--json', '--config', site.configFile], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let told = '';
      following.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
      await until(
        () => told.includes('"step":"preflight","state":"done"'),
        () => `its first step: ${told}`,
        BOOT_MS,
      );
      following.kill('SIGKILL');
      await once(following, 'close');
      const { id } = JSON.parse(told.split('\n')[0] ?? '') as { readonly id: string };

      const second = await site.cli(['update']);
      expect(second.exit).toBe(5);
      expect(lastLine(second)).toBe(`An update is already under way (${id}).`);
      const object = json(await site.cli(['rollback', '--json'])) as { error: unknown };
      expect(object.error).toMatchObject({ code: 'update-running', updateId: id });

      const done = await until(
        async () => {
          const { update } = await site.status();
          return update?.state === 'updated' ? update : undefined;
        },
        'the update to end',
        UPDATE_MS,
      );
      expect(done).toMatchObject({ id, from: '2026.1.0', to: '2026.2.0' });
    },
    UPDATE_MS * 2,
  );

  it('is seen in history and releases', async () => {
    const { history } = json(await site.cli(['history', '--json', '-n', '1'])) as { history: HistoryView[] };
    expect(history).toMatchObject([{ outcome: 'updated', from: '2026.1.0', to: '2026.2.0' }]);
    const { output } = await site.cli(['releases']);
    expect(output).toMatch(/^2026\.2\.0 +installed/m);
    expect(output).toMatch(/^2026\.1\.0 +kept/m);
    expect((await site.cli(['notes', '2026.2.0'])).output).toBe('Release 2026.2.0\n');
  });
});

describe('mistakes in the configuration', { timeout: UPDATE_MS }, () => {
  const check = async (change: (text: string) => string, args: readonly string[]): Promise<CliEnd> => {
    const file = join(folder.path, 'changed.json');
    writeFileSync(file, change(readFileSync(site.configFile, 'utf8')));
    return runCli([...args, '--config', file]);
  };

  it('are told all at once, with their places', async () => {
    const { exit, errorOutput } = await check(
      (text) => text.replace('"folder"', '"foldr"').replace('"delaySeconds": 1', '"delaySeconds": "soon"'),
      ['config', 'check'],
    );
    expect(exit).toBe(2);
    expect(errorOutput).toMatch(/changed\.json:\d+:\d+ {2}foldr\n {4}expected/);
    expect(errorOutput).toMatch(/updates\.delaySeconds\n {4}expected .*\n {4}found +"soon"/);
  });

  it('in what only updates need stop no other verb', async () => {
    const wrong = (text: string): string => text.replace('"delaySeconds": 1', '"delaySeconds": "soon"');
    expect(await check(wrong, ['status'])).toMatchObject({ exit: 0 });
    expect(await check(wrong, ['config', 'check'])).toMatchObject({ exit: 2 });
  });

  it('and no configuration at all are wrong usage', async () => {
    expect(await runCli(['status', '--config', join(folder.path, 'none.json')])).toMatchObject({ exit: 2 });
    expect(await site.cli(['config', 'check'])).toMatchObject({ exit: 0, output: 'The configuration is valid.\n' });
    const shown = await site.cli(['config', 'show']);
    expect(JSON.parse(shown.output)).toMatchObject({ name: 'demo', bundle: site.bundle });
    const schema = await runCli(['config', 'schema']);
    expect(JSON.parse(schema.output)).toMatchObject({ title: 'om-launcher.json', type: 'object' });
  });
});

describe('without a launcher', () => {
  it('the state on disk answers, and a rollback is done in place', { timeout: UPDATE_MS * 2 }, async () => {
    launcher.kill('SIGTERM');
    expect(await launcher.ended).toBe(0);
    const [status, check, history] = await Promise.all([
      site.cli(['status']),
      site.cli(['check']),
      site.cli(['history']),
    ]);
    expect({ exit: status.exit, last: lastLine(status) }).toEqual({ exit: 3, last: 'The launcher is not running.' });
    expect(check.exit).toBe(3);
    expect(history.output).toMatch(/2026\.1\.0 +2026\.2\.0 +updated/);

    const rollback = await site.cli(['--rollback', '--delay', '0s']);
    expect(rollback).toMatchObject({ exit: 0, errorOutput: '' });
    const lines = rollback.output.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z Rollback .*order [0-9a-f]{16}/);
    expect(lines.slice(1, -1).filter((line) => !/^\d{4}-\S+Z \S.*: \S/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.includes('Put the new version in place: done'))).toHaveLength(1);
    expect(lines.at(-1)).toBe('Previous version restored: 2026.1.0. The server is running.');
    const left = json(await site.cli(['status', '--json'])) as StatusView;
    expect(left).toMatchObject({ state: 'unattended', version: '2026.1.0' });

    const next = await site.startLauncher();
    await until(async () => (await site.cli(['status'])).exit === 0, 'the server to be adopted', BOOT_MS);
    expect((await site.status()).processId).toBe(left.processId);
    expect(next.output()).toContain('the running server is adopted');
  });
});

/** A verb with a configuration of its own. */
async function runCli(args: readonly string[]): Promise<CliEnd> {
  const child = spawn(NODE, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errorOutput] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text));
  const [exit] = (await once(child, 'close')) as [number | null];
  return { exit: exit ?? -1, output, errorOutput };
}
