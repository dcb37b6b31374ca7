import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPublish } from '../../../installer/publish/command-line.ts';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { platform, writeTree } from '../staging/scene.ts';

/** The page of the publisher's guide, done with SoftHSM2: the vendor's own program is the one that the page names. */
const SIGNER = resolve(import.meta.dirname, '../../../docs/examples/sign-with-pkcs11.py');
const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'].find((path) => existsSync(path));
const NEEDS = 'softhsm2 opensc python3-pykcs11';
const NAMES = ['root-1', 'root-2', 'root-3', 'targets', 'snapshot', 'timestamp', 'business-stable'];

const isThere =
  MODULE !== undefined &&
  spawnSync('pkcs11-tool', ['--help']).error === undefined &&
  spawnSync('/usr/bin/python3', ['-c', 'import PyKCS11']).status === 0;
if (!isThere && process.env['CI'] === 'true') throw new Error(`${NEEDS} are missing`);
if (!isThere) process.stderr.write(`keys in a PKCS#11 token: not run: needs softhsm2 (apt-get install ${NEEDS})\n`);

const made = makeTemporaryFolder('token');
const environment = {
  ...process.env,
  SOFTHSM2_CONF: join(made.path, 'softhsm2.conf'),
  OM_PKCS11_MODULE: MODULE ?? '',
  OM_PKCS11_TOKEN: 'om-publish',
  OM_PKCS11_PIN_FILE: join(made.path, 'pin'),
};

/** Runs a program of the token's; what it says when it fails. */
function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { env: environment, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const withToken = (...args: readonly string[]): string =>
  run('pkcs11-tool', '--module', MODULE ?? '', '--token-label', 'om-publish', '--login', '--pin', '4711', ...args);

beforeAll(() => {
  if (!isThere) return;
  mkdirSync(join(made.path, 'tokens'));
  writeFileSync(environment.SOFTHSM2_CONF, `directories.tokendir = ${join(made.path, 'tokens')}\n`);
  writeFileSync(environment.OM_PKCS11_PIN_FILE, '4711\n', { mode: 0o600 });
  run('softhsm2-util', '--init-token', '--free', '--label', 'om-publish', '--so-pin', '08154711', '--pin', '4711');
  for (const name of NAMES) withToken('--keypairgen', '--key-type', 'EC:edwards25519', '--label', name);
  // More than 1,024 bytes of metadata: what OpenSC's own program cannot have signed in one piece.
  const notes = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`file-${index}.txt`, `content ${index}`]));
  writeTree(join(made.path, 'bundle'), notes);
}, 60_000);
afterAll(made.remove);

async function publish(...args: readonly string[]) {
  let [output, errors] = ['', ''];
  const stream = (take: (text: string) => void) => ({ write: take, isTerminal: false, columns: undefined });
  const status = await runPublish(
    {
      args,
      workingDirectory: made.path,
      output: stream((text) => (output += text)),
      errorOutput: stream((text) => (errors += text)),
    },
    { dependencies: platform, environment, warn: (text) => (errors += `${text}\n`) },
  );
  return { status, output, errors };
}

const OWN = ['--repo', 'repo', '--keys', 'keys'];
const ADD = ['--product', 'business', '--platform', 'linux-x64', '--data-format', '7', '--level', '1', '--deltas', '0'];
const verify = () => publish('verify', 'repo', '--root', 'keys/root.json');
const listed = (): string => readFileSync(join(made.path, 'repo/metadata/timestamp.json'), 'utf8');

/** One token for all: each test goes on with the repository of the one before. */
describe.skipIf(!isThere)('keys in a PKCS#11 token', () => {
  it('cannot leave it', () => {
    const objects = withToken('--list-objects', '--type', 'privkey');
    expect(objects.match(/never extractable/gu)).toHaveLength(NAMES.length);
  });

  it('carry a repository from its beginning: no private key is ever in a file', { timeout: 60_000 }, async () => {
    const init = await publish('init', 'repo', '--keys', 'keys', '--sign-command', SIGNER);
    expect(init).toMatchObject({ status: 0, errors: '' });
    const added = await publish('add', 'bundle', ...OWN, ...ADD, '--version', '1.0', '--sign-command', SIGNER);
    expect(added).toMatchObject({ status: 0 });
    expect((await verify()).output).toBe('1 releases, 0 problems.\n');
    expect(readdirSync(join(made.path, 'keys')).sort()).toEqual(
      [...NAMES.map((name) => `${name}.signer.json`), 'root.json'].sort(),
    );
  });

  it('sign anew on a schedule, and take over by a rotation', { timeout: 60_000 }, async () => {
    expect(await publish('refresh', ...OWN)).toMatchObject({ status: 0 });
    withToken('--keypairgen', '--key-type', 'EC:edwards25519', '--label', 'timestamp-2027');
    const next = {
      schema: 1,
      sign: [SIGNER, 'sign', 'timestamp-2027'],
      publicKey: [SIGNER, 'public-key', 'timestamp-2027'],
    };
    writeFileSync(join(made.path, 'keys/timestamp.next.signer.json'), JSON.stringify(next));
    expect(await publish('rotate-key', 'timestamp', ...OWN)).toMatchObject({ status: 0 });
    expect((await verify()).output).toBe('1 releases, 0 problems.\n');
  });

  it.each([
    ['the PIN is wrong', { OM_PKCS11_PIN_FILE: join(made.path, 'wrong-pin') }, 'CKR_PIN_INCORRECT'],
    ['the token is not there', { OM_PKCS11_TOKEN: 'left-at-home' }, 'there is no token left-at-home'],
    ['the library is not there', { OM_PKCS11_MODULE: '/no/such/library.so' }, '/no/such/library.so'],
  ])('sign nothing when %s, and the repository stays as it was', async (_, changed, told) => {
    writeFileSync(join(made.path, 'wrong-pin'), '0000');
    const before = listed();
    const saved = { ...environment };
    Object.assign(environment, changed);
    const refreshed = await publish('refresh', ...OWN);
    Object.assign(environment, saved);
    expect(refreshed).toMatchObject({ status: 1, output: '' });
    expect(refreshed.errors).toContain(told);
    expect(listed()).toBe(before);
  });
});
