import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runPublish } from '../../../installer/publish/command-line.ts';
import { encodeOmuHead, readOmuIndex } from '../../../installer/repository/omu.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { platform, writeTree } from '../staging/scene.ts';

const ADD = [
  '--repo',
  'repo',
  '--keys',
  'keys',
  '--product',
  'business',
  '--platform',
  'linux-x64',
  '--data-format',
  '7',
];

let work: string;
beforeEach(() => {
  work = temporaryFolder();
  writeTree(join(work, 'bundle'), { 'server.txt': 'server' });
});

/** Runs one command line in the work folder. */
async function publish(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = { OM_PUBLISH_PASSPHRASE: 'p' },
) {
  let output = '';
  let errors = '';
  const stream = (take: (text: string) => void) => ({ write: take, isTerminal: false, columns: undefined });
  const status = await runPublish(
    {
      args,
      workingDirectory: work,
      output: stream((text) => (output += text)),
      errorOutput: stream((text) => (errors += text)),
    },
    { dependencies: platform, environment, warn: (text) => (errors += `${text}\n`) },
  );
  return { status, output, errors };
}
const last = (text: string): unknown => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');

async function prepare(): Promise<void> {
  expect(await publish(['init', 'repo', '--keys', 'keys'])).toMatchObject({ status: 0 });
  expect(await publish(['add', 'bundle', ...ADD, '--version', '1.0', '--level', '1'])).toMatchObject({ status: 0 });
}

describe('om-publish', () => {
  it('rolls out, withdraws, promotes, rotates and prunes, and says what it did', async () => {
    await prepare();
    const own = ['--repo', 'repo', '--keys', 'keys'];
    const said = async (...args: string[]) => {
      const { status, output } = await publish([...args, ...own]);
      return `${String(status)} ${output}`;
    };
    expect(await said('rollout', '1.0', '10%', '--start', '2030-01-01T00:00:00Z')).toBe(
      '0 business 1.0 stable linux-x64 is offered to 10 % of the machines from 2030-01-01T00:00:00Z.\n',
    );
    expect(await said('withdraw', '1.0', '--reason', 'loses mails')).toMatch(/^0 .* is withdrawn\.\n$/u);
    expect(await said('withdraw', '1.0', '--reason', 'loses mails')).toMatch(/^0 .* was already withdrawn\.\n$/u);
    const listed = await publish(['list', 'repo', '--keys', 'keys']);
    expect(listed.output).toContain('bytes  withdrawn\n');
    expect(await said('withdraw', '1.0', '--undo')).toMatch(/is given out again/u);
    expect(await said('promote', '1.0', '--to', 'early')).toMatch(/^0 business 1\.0 early linux-x64 is published/u);
    expect(await said('rotate-key', 'timestamp')).toMatch(
      /^0 timestamp is the new key [0-9a-f]{8}; destroy the old one/u,
    );
    expect(await said('prune', '--keep', '1')).toMatch(/^0 0 files removed, 0 bytes/u);
    expect(await said('rollout', '1.0', '101%')).toMatch(/^2 /u);
    expect(await said('rollout', '9.9', '10%')).toMatch(/^2 /u);
    expect(await said('rotate-key', 'nobody')).toMatch(/^2 /u);
    const json = await publish(['prune', ...own, '--json']);
    expect(last(json.output)).toMatchObject({ ok: true, dropped: [], removed: [], freedBytes: 0 });
    expect(last((await publish(['verify', 'repo', '--root', 'keys/root.json', '--json'])).output)).toMatchObject({
      ok: true,
    });
  });

  it('publishes, lists, verifies, refreshes; twice is as once', async () => {
    await prepare();
    writeFileSync(join(work, 'notes.json'), JSON.stringify({ en: 'from the file', de: 'aus der Datei' }));
    const second = [
      'add',
      'bundle',
      ...ADD,
      '--version',
      '1.1',
      '--notes',
      'notes.json',
      '--notes-en',
      'inline',
      '--json',
    ];
    const options = ['--min-client', '1.0', '--from', '0.9', '--rollout', '10', '--level', '1'];
    const added = await publish([...second, ...options]);
    expect(last(added.output)).toMatchObject({
      ok: true,
      changed: true,
      release: {
        version: '1.1',
        notes: { en: 'inline', de: 'aus der Datei' },
        minClient: '1.0',
        from: '0.9',
        rollout: { percentage: 10 },
      },
    });
    const again = await publish([...second, ...options]);
    expect(again.status).toBe(0);
    expect(last(again.output)).toMatchObject({ ok: true, changed: false });
    expect(await publish(['list', 'repo', '--keys', 'keys'])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/2 releases\.\n$/u) as string,
    });
    expect(await publish(['delta', '--repo', 'repo', '--keys', 'keys'])).toMatchObject({
      status: 0,
      output: expect.stringMatching(
        /^1\.0 → 1\.1: .*\n\d deltas to business 1\.1 stable linux-x64 are new\.\n$/u,
      ) as string,
    });
    expect(await publish(['delta', '--repo', 'repo', '--keys', 'keys', '--to', '9'])).toMatchObject({ status: 2 });
    const verified = await publish(['verify', 'repo', '--root', 'keys/root.json', '--json']);
    expect(verified).toMatchObject({ status: 0, errors: '' });
    expect(last(verified.output)).toMatchObject({ ok: true, problems: [] });
    const refreshed = await publish(['refresh', '--repo', 'repo', '--keys', 'keys', '--role', 'root', '--json']);
    expect(last(refreshed.output)).toMatchObject({ renewed: [{ role: 'root', version: 2 }, { role: 'timestamp' }] });
  });

  it('says with its status what went wrong', async () => {
    await prepare();
    writeFileSync(join(work, 'bundle/server.txt'), 'other');
    expect(await publish(['add', 'bundle', ...ADD, '--version', '1.0'])).toMatchObject({
      status: 7,
      output: '',
      errors: expect.stringMatching(/already-exists/u) as string,
    });
    expect(await publish(['add', 'nowhere', ...ADD, '--version', '2'])).toMatchObject({ status: 2 });
    expect(await publish(['add', 'bundle', ...ADD, '--version', '../2'])).toMatchObject({ status: 2 });
    expect(await publish(['add', 'bundle', ...ADD, '--version', '2', '--level', '99'])).toMatchObject({ status: 2 });
    expect(await publish(['add', 'bundle', ...ADD])).toMatchObject({
      status: 2,
      errors: expect.stringMatching(/--version/u) as string,
    });
    expect(await publish(['frobnicate'])).toMatchObject({ status: 2 });
    expect(await publish(['--help'])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/om-publish/u) as string,
    });
    expect(await publish(['refresh', '--repo', 'repo', '--keys', 'keys'], {})).toMatchObject({
      status: 2,
      errors: expect.stringMatching(/passphrase/u) as string,
    });
    const wrong = await publish(['refresh', '--repo', 'repo', '--keys', 'keys', '--json'], {
      OM_PUBLISH_PASSPHRASE: 'x',
    });
    expect(wrong.status).toBe(4);
    expect(last(wrong.output)).toMatchObject({ ok: false, code: 'unauthorised' });
    appendFileSync(join(work, 'repo/metadata/2.snapshot.json'), ' ');
    expect(await publish(['verify', 'repo', '--keys', 'keys'])).toMatchObject({ status: 9 });
  });

  it('reads the passphrase from a file, and is loud about keys in the clear', async () => {
    writeFileSync(join(work, 'passphrase'), 'secret\n');
    const keys = ['--keys', 'keys', '--passphrase-file', 'passphrase'];
    expect(await publish(['init', 'repo', ...keys], {})).toMatchObject({ status: 0, errors: '' });
    const inVariable = ['refresh', '--repo', 'repo', '--keys', 'keys'];
    expect(await publish(inVariable, { OM_PUBLISH_PASSPHRASE: 'secret' })).toMatchObject({ status: 0 });
    const clear = await publish(['init', 'clear', '--keys', 'clear-keys', '--unencrypted', '--json'], {});
    expect(clear).toMatchObject({ status: 0, errors: expect.stringMatching(/NOT ENCRYPTED/u) as string });
    expect(readFileSync(join(work, 'clear-keys/root-1.pem'), 'utf8')).toContain('BEGIN PRIVATE KEY');
  });
});

describe('a release in one file', () => {
  const index = (path: string) => readOmuIndex(platform.files, resolve(work, path));

  it('holds every root, the metadata, the manifest and the pack, as they lie in the repository', async () => {
    await prepare();
    await publish(['refresh', '--repo', 'repo', '--keys', 'keys', '--role', 'root', 'snapshot']);
    const packed = await publish(['pack', '1.0', '--repo', 'repo', '--keys', 'keys', '--output', 'one.omu', '--json']);
    expect(packed).toMatchObject({ status: 0 });
    const read = await index('one.omu');
    if (!read.ok) throw new Error(read.fault.detail);
    expect(read.value.address).toEqual({
      product: 'business',
      channel: 'stable',
      version: '1.0',
      platform: 'linux-x64',
    });
    const bytes = readFileSync(join(work, 'one.omu'));
    const paths = [...read.value.files.keys()];
    for (const [path, { offset, length }] of read.value.files)
      expect(bytes.subarray(offset, offset + length).equals(readFileSync(join(work, 'repo', path)))).toBe(true);
    expect(paths.slice(0, 6)).toEqual([
      'metadata/1.root.json',
      'metadata/2.root.json',
      'metadata/timestamp.json',
      'metadata/3.snapshot.json',
      'metadata/2.targets.json',
      'metadata/1.business-stable.json',
    ]);
    expect(paths.slice(6)).toEqual([
      expect.stringMatching(/^targets\/business\/stable\/1\.0\/linux-x64\/[0-9a-f]{64}\.manifest\.json\.zst$/u),
      expect.stringMatching(/^targets\/business\/stable\/1\.0\/linux-x64\/[0-9a-f]{64}\.full\.pack$/u),
    ]);
    expect(await publish(['pack', '9', '--repo', 'repo', '--keys', 'keys', '--output', 'x.omu'])).toMatchObject({
      status: 2,
    });
  });

  it('is refused at every cut and with a byte behind it', async () => {
    await prepare();
    await publish(['pack', '1.0', '--repo', 'repo', '--keys', 'keys', '--output', 'one.omu']);
    const { length } = readFileSync(join(work, 'one.omu'));
    appendFileSync(join(work, 'one.omu'), 'x');
    expect(await index('one.omu')).toMatchObject({ fault: { code: 'archive-invalid' } });
    for (let size = length - 1; size >= 0; size = size > 1_200 ? size - 97 : size - 13) {
      truncateSync(join(work, 'one.omu'), size);
      expect(await index('one.omu')).toMatchObject({ fault: { code: 'archive-invalid', path: join(work, 'one.omu') } });
    }
  });

  const address = { product: 'p', channel: 'c', version: '1', platform: 'linux-x64' };
  it.each<[string, string[]]>([
    ['a path that climbs', ['metadata/../../evil']],
    ['an absolute path', ['/etc/passwd']],
    ['an unknown folder', ['other/1.root.json']],
    ['a target without its digest', ['targets/p/c/1/linux-x64/full.pack']],
    ['a target of an unknown name', [`targets/p/c/1/linux-x64/${'a'.repeat(64)}.evil`]],
    ['a target that climbs', [`targets/p/c/../linux-x64/${'a'.repeat(64)}.full.pack`]],
    ['a file twice', ['metadata/1.root.json', 'metadata/1.root.json']],
    ['no file', []],
  ])('is refused with %s', async (_, paths) => {
    mkdirSync(join(work, 'omu'));
    const files = paths.map((path) => ({ path, length: 0 }));
    writeFileSync(join(work, 'omu/x.omu'), encodeOmuHead(address, files));
    expect(await index('omu/x.omu')).toMatchObject({ fault: { code: 'archive-invalid' } });
  });

  it('is refused when it is something else or has an endless index', async () => {
    writeFileSync(join(work, 'x.omu'), 'PK\u0003\u0004 and more than twelve bytes');
    expect(await index('x.omu')).toMatchObject({ fault: { code: 'archive-invalid' } });
    const head = encodeOmuHead(address, [{ path: 'metadata/timestamp.json', length: 0 }]);
    writeFileSync(join(work, 'y.omu'), head);
    expect(await index('y.omu')).toMatchObject({ ok: true });
    head.writeUInt32BE(0xffffffff, 8);
    writeFileSync(join(work, 'y.omu'), head);
    expect(await index('y.omu')).toMatchObject({ fault: { code: 'archive-invalid' } });
  });
});
