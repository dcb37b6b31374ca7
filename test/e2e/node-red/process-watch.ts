import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Looks again and again at all processes of this machine for servers that the launcher started for one site. */
export interface ProcessWatch {
  /** Each set of servers that was seen alive at the same time, by pid. */
  readonly seen: readonly (readonly number[])[];
  alive(): readonly number[];
  stop(): void;
}

const LOOK_EACH_MS = 200;

/** `marker` stands in the environment of the site's servers; undefined where there is no /proc (proc(5)). */
export function watchServers(marker: string): ProcessWatch | undefined {
  if (!existsSync('/proc/self/environ')) {
    return undefined;
  }
  const seen: (readonly number[])[] = [];
  const alive = (): readonly number[] => serversOf(marker);
  const timer = setInterval(() => {
    const now = alive();
    if (seen.at(-1)?.join() !== now.join()) {
      seen.push(now);
    }
  }, LOOK_EACH_MS);
  return { seen, alive, stop: () => clearInterval(timer) };
}

/** A trial run has the marker too, but not the launcher's nonce; what a server starts itself belongs to it. */
function serversOf(marker: string): readonly number[] {
  const marked = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const environment = read(`/proc/${pid}/environ`);
      return environment.includes(marker) && environment.includes('OM_LAUNCH_NONCE=');
    });
  return marked.filter((pid) => !marked.includes(parentOf(pid))).map(Number);
}

/** Field 4 of the line; the name before it may hold spaces and parentheses (proc_pid_stat(5)). */
function parentOf(pid: string): string {
  return (
    read(`/proc/${pid}/stat`)
      .replace(/^.*\) /, '')
      .split(' ')[1] ?? ''
  );
}

/** Processes end while one reads; another account's are not ours. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
