import { faultOf } from '../fault.ts';
import { isSameProcess, type ProcessIdentity, type SignalName, type TreeUsage } from '../processes.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import type { Actor } from '../node/errno.ts';
import { isErrno } from '../node/errno.ts';
import type { HelperCommand } from '../node/helper-command.ts';
import type { ProcessObserver } from '../node/process-observer.ts';
import { cimScript, ownerScript, parseBootId, parseCim } from './cim-output.ts';
import type { CimRow } from './cim-output.ts';
import { systemTool } from './helpers.ts';
import { listenersOfNetstat, peersOfNetstat } from './netstat-output.ts';

const POLL_MS = 250;
/** A PowerShell takes about half a second, so that a bare pid is trusted for so long between two full looks. */
const FULL_LOOK_EACH_MS = 10_000;
const BOOT_KEY = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters';

/** No tool of the system shows another process's environment. */
const ENVIRONMENTS_UNTOLD = { withNonce: () => Promise.resolve([]), noncesOf: () => Promise.resolve([]) };

/** Processes of Windows by CIM, netstat and taskkill; identity is pid and creation time (FILETIME). */
export function observeWindowsProcesses(actor: Actor, helper: HelperCommand, monotonic: () => number): ProcessObserver {
  let boot: Promise<string> | undefined;
  const bootId = (): Promise<string> =>
    (boot ??= helper(systemTool('reg.exe'), ['query', BOOT_KEY, '/v', 'BootId']).then(
      (text) => parseBootId(text ?? '') ?? 'unknown',
    ));
  const powershell = (script: string): Promise<string | undefined> =>
    helper(systemTool('WindowsPowerShell\\v1.0\\powershell.exe'), [
      ...['-NoLogo', '-NoProfile', '-NonInteractive', '-Command'],
      script,
    ]);
  const rows = async (filter?: string): Promise<readonly CimRow[]> =>
    parseCim((await powershell(cimScript(filter))) ?? '', await bootId());
  const one = async (pid: number): Promise<CimRow | undefined> => (await rows(`ProcessId = ${pid}`))[0];
  const known = async (pids: readonly number[]): Promise<readonly CimRow[]> =>
    pids.length === 0 ? [] : rows(pids.map((pid) => `ProcessId = ${pid}`).join(' OR '));
  const isSame = async (identity: ProcessIdentity): Promise<boolean> =>
    isSameProcess((await one(identity.pid))?.identity, identity);
  const netstat = (): Promise<string | undefined> => helper(systemTool('netstat.exe'), ['-ano']);
  return {
    pollMs: POLL_MS,
    identify: async (pid) => (await one(pid))?.identity,
    identifyStarted: async (pid) => (await one(pid))?.identity ?? { pid, startTime: 'ended', bootId: await bootId() },
    isAlive: createAliveCheck(isSame, monotonic),
    list: () => rows(),
    // Another process's environment is closed to CIM: parents and start times have to do.
    ...ENVIRONMENTS_UNTOLD,
    signal: async (identity, name) => {
      if (!(await isSame(identity))) return succeed();
      const args = ['/PID', String(identity.pid), ...KILL_ARGUMENTS[name]];
      const answer = await helper(systemTool('taskkill.exe'), args);
      return answer !== undefined || !(await isSame(identity)) ? succeed() : notKilled(actor, identity);
    },
    usage: async (tree) => usageOf(await known(tree.map((identity) => identity.pid)), tree),
    portHolders: async (port) => {
      const pids = listenersOfNetstat((await netstat()) ?? '', port);
      const holders = await known(pids);
      return pids.map((pid) => holders.find((row) => row.identity.pid === pid)?.identity);
    },
    tcpPeers: async (port) => {
      const text = await netstat();
      return text === undefined ? undefined : peersOfNetstat(text, port);
    },
    // Windows tells the holders of files only to programs that use the Restart Manager; the program's own path is all CIM has.
    holdersOf: async (path) => {
      const holders = await rows(`ExecutablePath LIKE "${wqlPrefix(path)}%"`);
      return holders
        .filter((row) => row.identity.pid !== process.pid)
        .map(({ identity, name }) => ({ identity, name }));
    },
    nameOf: async (identity) => {
      const row = await one(identity.pid);
      return isSameProcess(row?.identity, identity) ? row?.name : undefined;
    },
    accountOf: async (identity) => {
      const account = (await powershell(ownerScript(identity.pid)))?.trim();
      return account !== '' && (await isSame(identity)) ? account : undefined;
    },
    // netstat tells the process of every socket, and a process its account.
    portAccounts: () => Promise.resolve([]),
  };
}

/** taskkill without /F sends WM_CLOSE, which a server without windows ignores; /T takes the tree along. */
const KILL_ARGUMENTS: Readonly<Record<SignalName, readonly string[]>> = {
  interrupt: [],
  terminate: [],
  'hang-up': [],
  kill: ['/T', '/F'],
};

function notKilled(actor: Actor, identity: ProcessIdentity): Result<never> {
  const values = { pid: identity.pid };
  return fail(
    faultOf('no-permission', 'taskkill could not end the process', {
      operation: 'kill',
      account: actor.account,
      values,
    }),
  );
}

/** Between full looks only asks whether the pid is in use, which costs nothing. */
function createAliveCheck(isSame: (identity: ProcessIdentity) => Promise<boolean>, monotonic: () => number) {
  const lookedAt = new Map<string, number>();
  return async (identity: ProcessIdentity): Promise<boolean> => {
    const key = `${identity.pid}/${identity.startTime}`;
    if (!isPidInUse(identity.pid)) {
      lookedAt.delete(key);
      return false;
    }
    const last = lookedAt.get(key);
    if (last !== undefined && monotonic() - last < FULL_LOOK_EACH_MS) return true;
    const alive = await isSame(identity);
    if (alive) lookedAt.set(key, monotonic());
    else lookedAt.delete(key);
    return alive;
  };
}

function isPidInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (!isErrno(error)) throw error;
    return error.code === 'EPERM';
  }
}

/** LIKE of WQL has its own special characters, and the script puts the filter in single quotes. */
function wqlPrefix(path: string): string {
  return path.replace(/[\\"]/g, '\\$&').replace(/[[%_]/g, '[$&]').replaceAll("'", "''");
}

function usageOf(rows: readonly CimRow[], tree: readonly ProcessIdentity[]): TreeUsage {
  const own = rows.filter((row) => tree.some((identity) => isSameProcess(identity, row.identity)));
  const total = (figure: (row: CimRow) => number): number => own.reduce((sum, row) => sum + figure(row), 0);
  return {
    processes: own.length,
    cpuMs: total((row) => row.cpuMs),
    residentBytes: total((row) => row.residentBytes),
    ioBytes: total((row) => row.ioBytes),
  };
}
