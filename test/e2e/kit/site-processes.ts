import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../../kit/until.ts';
import type { OmSite } from './om-site.ts';

/** Linux only, as these scenes are: every process that belongs to a site, by what its command line or environment names. */
export interface SiteProcesses {
  /** Running servers: never more than one may live. */
  readonly servers: readonly number[];
  /** Whatever else was started by a server of this site. */
  readonly others: readonly number[];
}

export function processesOf({ dataFile, stateFolder }: OmSite): SiteProcesses {
  const [servers, others]: [number[], number[]] = [[], []];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const commandLine = read(name, 'cmdline').split('\0');
    const isServer = commandLine.includes(dataFile) && commandLine.some((word) => word.endsWith('/om-server.mjs'));
    if (isServer) servers.push(Number(name));
    else if (read(name, 'environ').includes(`OM_LAUNCHER_TOKEN_FILE=${stateFolder}/`)) others.push(Number(name));
  }
  return { servers, others };
}

/** Empty for a process that is gone, a zombie, or another account's. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Ends what a scene has left on purpose. */
export async function killProcessesOf(site: OmSite): Promise<void> {
  await until(() => {
    const { servers, others } = processesOf(site);
    for (const pid of [...servers, ...others]) kill(pid);
    return servers.length + others.length === 0;
  }, 'the processes of the site to end');
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone by itself meanwhile.
  }
}
