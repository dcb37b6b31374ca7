import path from 'node:path';
import { run } from '../bytes/run.ts';
import { makeTar } from '../bytes/rivals.ts';

/** What a shell needs of a release: the compressed tar, its digest, and a digest of every file. */
export interface ShellRelease {
  readonly archive: string;
  readonly archiveSum: string;
  readonly fileSums: string;
}

/** Made with the same level as our pack. */
export async function makeShellRelease(folder: string, work: string): Promise<ShellRelease> {
  const tar = path.join(work, 'release.tar');
  const [archive, archiveSum] = [`${tar}.zst`, `${tar}.zst.sum`];
  const fileSums = path.join(work, 'files.sum');
  await makeTar(folder, tar);
  await run('zstd', ['-q', '-1', '--rm', tar, '-o', archive]);
  await shell('sha256sum "$1" > "$2"', archive, archiveSum);
  await shell('cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum > "$2"', folder, fileSums);
  return { archive, archiveSum, fileSums };
}

/** The same honest work: digest before unpacking, every file read back against its digest, and all of it on disk. */
export async function stageByShell({ archive, archiveSum, fileSums }: ShellRelease, target: string): Promise<void> {
  const verified = 'sha256sum --quiet -c "$1" && mkdir "$2" && zstd -q -dc "$3" | tar -xf - -C "$2"';
  const proven = '(cd "$2" && sha256sum --quiet -c "$4") && sync -f "$2"';
  await shell(`set -o pipefail; ${verified} && ${proven}`, archiveSum, target, archive, fileSums);
}

/** Trusts everything and leaves it in memory. */
export async function unpackByShell({ archive }: ShellRelease, target: string): Promise<void> {
  await shell('set -o pipefail; mkdir "$1" && zstd -q -dc "$2" | tar -xf - -C "$1"', target, archive);
}

async function shell(script: string, ...args: readonly string[]): Promise<void> {
  await run('bash', ['-c', script, 'bash', ...args]);
}
