import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runPublish } from '../../../installer/publish/command-line.ts';
import { makeTemporaryFolder, temporaryFolder } from '../../kit/temporary-folder.ts';
import { platform, writeTree } from '../staging/scene.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl && process.env['CI'] === 'true') throw new Error('openssl is missing');
if (!hasOpenssl) process.stderr.write('not run: needs openssl\n');

/** A signer with keys of its own that it never gives away; openssl stands for the HSM. */
const SIGNER = `#!/bin/sh
set -eu
store=$(dirname "$0")/store
mkdir -p "$store"
key=$store/$2.pem
case $1 in
public-key)
  [ -f "$key" ] || openssl genpkey -algorithm ed25519 -out "$key"
  openssl pkey -in "$key" -pubout
  ;;
sign)
  bytes=$(mktemp "$store/to-sign.XXXXXX")
  cat > "$bytes"
  openssl pkeyutl -sign -rawin -inkey "$key" -in "$bytes" | base64 -w0
  rm "$bytes"
  echo "$2" >> "$store/signed.log"
  ;;
esac
`;

/** A repository whose keys lie with the signer; made once, each test gets a copy, and the signer stays where it is. */
const made = makeTemporaryFolder('signer');
const signer = join(made.path, 'hsm/signer');
let work: string;

beforeAll(async () => {
  mkdirSync(join(made.path, 'hsm'));
  writeFileSync(signer, SIGNER);
  chmodSync(signer, 0o755);
  work = made.path;
  if (hasOpenssl)
    expect(await publish('init', 'repo', '--keys', 'keys', '--sign-command', signer)).toMatchObject({ status: 0 });
});
afterAll(made.remove);

beforeEach(() => {
  work = temporaryFolder('signed');
  for (const name of ['repo', 'keys'])
    if (hasOpenssl) cpSync(join(made.path, name), join(work, name), { recursive: true });
  writeTree(join(work, 'bundle'), { 'server.txt': 'server' });
});

/** Runs one command line without any passphrase. */
async function publish(...args: readonly string[]) {
  let [output, errors] = ['', ''];
  const stream = (take: (text: string) => void) => ({ write: take, isTerminal: false, columns: undefined });
  const status = await runPublish(
    {
      args,
      workingDirectory: work,
      output: stream((text) => (output += text)),
      errorOutput: stream((text) => (errors += text)),
    },
    { dependencies: platform, environment: process.env, warn: (text) => (errors += `${text}\n`) },
  );
  return { status, output, errors };
}

const OWN = ['--repo', 'repo', '--keys', 'keys'];
const ADD = ['--product', 'business', '--platform', 'linux-x64', '--data-format', '7', '--level', '1', '--deltas', '0'];

const add = (version: string) =>
  publish('add', 'bundle', ...OWN, ...ADD, '--version', version, '--sign-command', signer);
const verify = () => publish('verify', 'repo', '--root', 'keys/root.json');

/** Which keys signed, in order. */
function signed(): readonly string[] {
  return readFileSync(join(made.path, 'hsm/store/signed.log'), 'utf8').trim().split('\n');
}

/** The signer's file of a key, with something else in it. */
function changeSigner(name: string, change: Readonly<Record<string, unknown>>): void {
  const path = join(work, 'keys', `${name}.signer.json`);
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...change }));
}

/** What lies in the repository, name by name. */
function witness(): string {
  const names = readdirSync(join(work, 'repo/metadata')).sort();
  return names.map((name) => `${name} ${readFileSync(join(work, 'repo/metadata', name), 'utf8')}`).join('\n');
}

describe.skipIf(!hasOpenssl)('keys that a command signs with', () => {
  it('carry a repository from its beginning: no private key and no passphrase is ever here', async () => {
    expect(await add('1.0')).toMatchObject({ status: 0 });
    expect(await publish('refresh', ...OWN, '--role', 'targets', 'root')).toMatchObject({ status: 0 });
    expect(await publish('rollout', '1.0', '10%', ...OWN)).toMatchObject({ status: 0 });
    expect((await verify()).output).toBe('1 releases, 0 problems.\n');
    expect(readdirSync(join(work, 'keys')).filter((name) => name.endsWith('.pem'))).toEqual([]);
    expect(new Set(signed())).toEqual(
      new Set(['root-1', 'root-2', 'root-3', 'targets', 'snapshot', 'timestamp', 'business-stable']),
    );
  });

  it('are rotated: the next key’s file lies beside the old one, and takes its place', async () => {
    await add('1.0');
    const rotate = () => publish('rotate-key', 'timestamp', ...OWN);
    const missed = await rotate();
    expect(missed.status).toBe(2);
    expect(missed.errors).toContain('timestamp.next.signer.json');
    const next = { schema: 1, sign: [signer, 'sign', 'second'], publicKey: [signer, 'public-key', 'second'] };
    writeFileSync(join(work, 'keys/timestamp.next.signer.json'), JSON.stringify(next));
    expect(await rotate()).toMatchObject({ status: 0 });
    expect(signed().at(-1)).toBe('second');
    expect(existsSync(join(work, 'keys/timestamp.next.signer.json'))).toBe(false);
    expect(readdirSync(join(work, 'keys')).some((name) => /^timestamp\.retired-.*\.signer\.json$/u.test(name))).toBe(
      true,
    );
    expect(await publish('refresh', ...OWN)).toMatchObject({ status: 0 });
    expect((await verify()).output).toBe('1 releases, 0 problems.\n');
  });

  it('may be asked with files: the bytes in one, 64 plain bytes in another, the public key in a third', async () => {
    const key = join(made.path, 'hsm/store/timestamp.pem');
    writeFileSync(join(work, 'keys/public.pem'), spawnSync('openssl', ['pkey', '-in', key, '-pubout']).stdout);
    changeSigner('timestamp', {
      sign: ['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', '{file}', '-out', '{signature}'],
      publicKey: 'public.pem',
    });
    expect(await publish('refresh', ...OWN)).toMatchObject({ status: 0 });
    expect((await verify()).status).toBe(0);
  });

  it.each([
    ['hexadecimal', 'openssl pkeyutl -sign -rawin -inkey "$1" -in "$2" | od -An -vtx1 | tr -d " \\n"'],
    ['base64 with a line end', 'openssl pkeyutl -sign -rawin -inkey "$1" -in "$2" | base64'],
  ])('may answer in %s', async (_, command) => {
    const key = join(made.path, 'hsm/store/timestamp.pem');
    changeSigner('timestamp', { sign: ['sh', '-c', command, 'sh', key, '{file}'] });
    expect(await publish('refresh', ...OWN)).toMatchObject({ status: 0 });
    expect((await verify()).status).toBe(0);
  });

  it.each([
    ['signs with another key', { sign: ['SIGNER', 'sign', 'targets'] }, 9, 'no signature of its public key'],
    ['prints something else', { sign: ['echo', 'signed'] }, 9, 'no Ed25519 signature'],
    ['prints nothing', { sign: ['true'] }, 9, '0 bytes'],
    ['fails', { sign: ['sh', '-c', 'echo "token is locked" >&2; exit 3'] }, 1, 'token is locked'],
    ['is not there', { sign: ['/no/such/program'] }, 1, '/no/such/program'],
    ['takes too long', { sign: ['sleep', '600'], timeoutSeconds: 1 }, 1, 'timestamp.signer.json'],
    ['has no public key', { publicKey: ['echo', 'no key'] }, 1, 'no PEM'],
    ['has a file of the wrong shape', { sign: 'sign' }, 1, '/sign'],
  ])('that %s: nothing is published, and it is told which', async (_, change, status, told) => {
    const words = 'sign' in change && Array.isArray(change.sign) ? change.sign : undefined;
    const sign = words?.map((word) => (word === 'SIGNER' ? signer : word));
    changeSigner('timestamp', sign === undefined ? change : { ...change, sign });
    const before = witness();
    const refreshed = await publish('refresh', ...OWN);
    expect(refreshed).toMatchObject({ status, output: '' });
    expect(refreshed.errors).toContain(told);
    expect(refreshed.errors).toContain(resolve(work, 'keys/timestamp.signer.json'));
    expect(witness()).toBe(before);
  });

  it('and files together: each key is where it is', async () => {
    const pem = join(work, 'keys/snapshot.pem');
    copyFileSync(join(made.path, 'hsm/store/snapshot.pem'), pem);
    renameSync(join(work, 'keys/snapshot.signer.json'), join(work, 'snapshot.signer.json'));
    const refused = await publish('refresh', ...OWN, '--role', 'snapshot');
    expect(refused.errors).toContain('no passphrase');
    expect(await publish('refresh', ...OWN, '--role', 'snapshot', '--unencrypted')).toMatchObject({ status: 0 });
    expect((await verify()).status).toBe(0);
  });
});
