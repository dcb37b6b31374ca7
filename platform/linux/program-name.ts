import type { Proc, SeenProcess } from './proc.ts';

/**
 * The name by which a person knows a program: its file, or what it was called by where another account's file is not shown.
 *
 * The kernel's own name is only that of the first thread (`MainThread` for every Node program) and cut after 15 characters.
 */
export async function programName(proc: Proc, { identity, stat }: SeenProcess): Promise<string> {
  const file = (await proc.link(identity.pid, 'exe'))?.replace(/ \(deleted\)$/, '');
  const called = (await proc.text(identity.pid, 'cmdline'))?.split('\0')[0];
  const name = [file, called].map(baseName).find((known) => known !== '');
  return name ?? stat.name;
}

function baseName(path: string | undefined): string {
  return path?.slice(path.lastIndexOf('/') + 1) ?? '';
}
