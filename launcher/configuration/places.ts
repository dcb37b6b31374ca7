import { posix, win32 } from 'node:path';
import type { Machine } from '../../platform/machine.ts';

/** Path arithmetic of the machine the configuration is for, not of the one that runs the tests. */
export function pathsOf(machine: Machine): typeof posix {
  return machine.operatingSystem === 'windows' ? win32 : posix;
}

/** Where the system keeps program data: the parent of every server's state folder. */
export function stateRoot(machine: Machine): string {
  switch (machine.operatingSystem) {
    case 'linux':
      return '/var/lib/om-launcher';
    case 'macos':
      return '/Library/Application Support/OM Launcher';
    case 'windows':
      return win32.join(machine.environment['ProgramData'] ?? String.raw`C:\ProgramData`, 'OM Launcher');
  }
}

/** Is `path` the folder itself or something in it? Windows does not tell upper from lower case. */
export function liesIn(machine: Machine, path: string, folder: string): boolean {
  const paths = pathsOf(machine);
  const fold = (one: string) => (machine.operatingSystem === 'windows' ? one.toLowerCase() : one);
  const relative = paths.relative(fold(folder), fold(path));
  return relative === '' || (!/^\.\.([\\/]|$)/.test(relative) && !paths.isAbsolute(relative));
}
