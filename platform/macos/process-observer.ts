import { faultOf } from '../fault.ts';
import { isSameProcess, type ProcessIdentity, type SignalName, type TreeUsage } from '../processes.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import type { Actor } from '../node/errno.ts';
import { isErrno } from '../node/errno.ts';
import type { HelperCommand } from '../node/helper-command.ts';
import { POSIX_SIGNALS } from '../node/posix-signals.ts';
import { NONCE_VARIABLE } from '../node/process-observer.ts';
import type { ProcessObserver } from '../node/process-observer.ts';
import { peersOfNetstat, pidsOfLsof } from './lsof-output.ts';
import { parsePs, pidsWithVariable, PS_COLUMNS } from './ps-output.ts';
import type { PsRow } from './ps-output.ts';

/** Each look starts a ps(1), about 10 ms. */
const POLL_MS = 500;
const PS = '/bin/ps';
const LSOF = '/usr/sbin/lsof';
const NETSTAT = '/usr/sbin/netstat';
const SYSCTL = '/usr/sbin/sysctl';

/** ps prints its times in the zone and language of these. */
export const MACOS_HELPER_ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

/** Processes of macOS by ps, lsof and netstat; identity is pid, start to the second, and the boot session. */
export function observeMacosProcesses(actor: Actor, helper: HelperCommand): ProcessObserver {
  let boot: Promise<string> | undefined;
  const bootId = (): Promise<string> =>
    (boot ??= helper(SYSCTL, ['-n', 'kern.bootsessionuuid']).then((text) => text?.trim() ?? 'unknown'));
  const rows = async (selection: readonly string[]): Promise<readonly PsRow[]> =>
    parsePs((await helper(PS, [...selection, '-o', PS_COLUMNS])) ?? '', await bootId());
  const one = async (pid: number): Promise<PsRow | undefined> => (await rows(['-p', String(pid)]))[0];
  const isAlive = async (identity: ProcessIdentity): Promise<boolean> =>
    isSameProcess((await one(identity.pid))?.identity, identity);
  const known = async (pids: readonly number[]): Promise<readonly PsRow[]> =>
    pids.length === 0 ? [] : rows(['-p', pids.join(',')]);
  return {
    pollMs: POLL_MS,
    identify: async (pid) => (await one(pid))?.identity,
    identifyStarted: async (pid) => (await one(pid))?.identity ?? { pid, startTime: 'ended', bootId: await bootId() },
    isAlive,
    list: () => rows(['-ax']),
    withNonce: async (all, nonce) => {
      const text = await helper(PS, ['-axEww', '-o', 'pid=,command=']);
      const pids = pidsWithVariable(text ?? '', NONCE_VARIABLE, nonce);
      return all.filter((row) => pids.has(row.identity.pid));
    },
    // `ps` separates variables by spaces, which a path may hold.
    noncesOf: () => Promise.resolve([]),
    signal: async (identity, name) => ((await isAlive(identity)) ? signalNow(actor, identity.pid, name) : succeed()),
    usage: async (tree) => usageOf(await known(tree.map((identity) => identity.pid)), tree),
    portHolders: async (port) => {
      const text = await helper(LSOF, ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fp']);
      return (await known(pidsOfLsof(text ?? ''))).map((row) => row.identity);
    },
    tcpPeers: async (port) => {
      const text = await helper(NETSTAT, ['-anp', 'tcp']);
      return text === undefined ? undefined : peersOfNetstat(text, port);
    },
    holdersOf: async (path) => {
      const text = await helper(LSOF, ['-nP', '-Fp', '+D', path]);
      const holders = await known(pidsOfLsof(text ?? '').filter((pid) => pid !== process.pid));
      return holders.map(({ identity, name }) => ({ identity, name }));
    },
    nameOf: async (identity) => {
      const row = await one(identity.pid);
      return isSameProcess(row?.identity, identity) ? row?.name : undefined;
    },
    accountOf: async (identity) => {
      const account = (await helper(PS, ['-p', String(identity.pid), '-o', 'user=']))?.trim();
      return account !== '' && (await isAlive(identity)) ? account : undefined;
    },
    // lsof shows other accounts' sockets to root alone, who sees their processes, too.
    portAccounts: () => Promise.resolve([]),
  };
}

function signalNow(actor: Actor, pid: number, name: SignalName): Result<void> {
  try {
    process.kill(pid, POSIX_SIGNALS[name]);
    return succeed();
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ESRCH') return succeed();
    return fail(
      faultOf('no-permission', 'the process belongs to another account', { operation: 'kill', account: actor.account }),
    );
  }
}

function usageOf(rows: readonly PsRow[], tree: readonly ProcessIdentity[]): TreeUsage {
  const own = rows.filter((row) => tree.some((identity) => isSameProcess(identity, row.identity)));
  return {
    processes: own.length,
    cpuMs: own.reduce((total, row) => total + row.cpuMs, 0),
    residentBytes: own.reduce((total, row) => total + row.residentBytes, 0),
  };
}
