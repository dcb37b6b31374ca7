import { realpath } from 'node:fs/promises';
import { faultOf } from '../fault.ts';
import { isSameProcess, type ProcessIdentity, type SignalName, type TreeUsage } from '../processes.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import type { Actor } from '../node/errno.ts';
import { isErrno } from '../node/errno.ts';
import type { HelperCommand } from '../node/helper-command.ts';
import { POSIX_SIGNALS } from '../node/posix-signals.ts';
import { NONCE_VARIABLE, TOKEN_FILE_VARIABLE } from '../node/process-observer.ts';
import type { ProcessObserver, ProcessRow } from '../node/process-observer.ts';
import { accountNumberOf, createAccountName } from './accounts.ts';
import { awaitExitSign } from './exit-sign.ts';
import { openProc, readNow, unlessGone } from './proc.ts';
import type { Proc, SeenProcess } from './proc.ts';
import { isLive, TICK_MS } from './proc-stat.ts';
import { programName } from './program-name.ts';
import { createPortHolders, listeningAccounts, tcpPeers } from './sockets.ts';
import { carriersOf, identifyStarted } from './started-processes.ts';

const POLL_MS = 100;
/** Linux on x64 and arm64 as supported by Node; only used for a figure shown to people. */
const PAGE_BYTES = 4_096;

export const LINUX_HELPER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

/** Processes of Linux by /proc: identity is pid, start in ticks (field 22 of stat) and the kernel's boot id. */
export function observeLinuxProcesses(actor: Actor, helper: HelperCommand): ProcessObserver {
  const proc = openProc();
  const portHolders = createPortHolders(proc);
  const accountName = createAccountName(helper);
  const live = (pid: number): SeenProcess | undefined => {
    const seen = proc.read(pid);
    return seen && isLive(seen.stat) ? seen : undefined;
  };
  return {
    pollMs: POLL_MS,
    identify: (pid) => Promise.resolve(live(pid)?.identity),
    identifyStarted: (pid) => Promise.resolve(identifyStarted(proc, pid)),
    awaitExitSign,
    isAlive: (identity) => Promise.resolve(isSameProcess(live(identity.pid)?.identity, identity)),
    list: () => Promise.resolve(proc.list().map(rowOf)),
    withNonce: (rows, nonce) => Promise.resolve(withNonce(proc, rows, nonce)),
    carriersOf: (nonce) => Promise.resolve(carriersOf(proc, nonce)),
    noncesOf: (tokenFile) => noncesOf(proc, tokenFile),
    signal: (identity, name) => Promise.resolve(signalNow(actor, live(identity.pid), identity, name)),
    usage: (tree) => usage(proc, tree),
    portHolders,
    tcpPeers,
    holdersOf: (path) => holdersOf(proc, path),
    nameOf: async (identity) => {
      const seen = proc.read(identity.pid);
      return seen && isSameProcess(seen.identity, identity) ? programName(proc, seen) : undefined;
    },
    accountOf: async (identity) => {
      const uid = await accountNumberOf(proc, identity.pid);
      return uid !== undefined && isSameProcess(live(identity.pid)?.identity, identity) ? accountName(uid) : undefined;
    },
    portAccounts: async (port) => Promise.all(listeningAccounts(port).map(accountName)),
  };
}

function rowOf({ identity, stat }: SeenProcess): ProcessRow {
  return {
    identity,
    parentPid: stat.parentPid,
    sessionPid: stat.session,
    startOrder: Number(stat.startTicks),
    name: stat.name,
  };
}

function withNonce(proc: Proc, rows: readonly ProcessRow[], nonce: string): readonly ProcessRow[] {
  const wanted = `${NONCE_VARIABLE}=${nonce}`;
  // Synchronous: a few milliseconds for all, where the thread pool takes tens and a restart waits for it.
  return rows.filter((row) => proc.environment(row.identity.pid).includes(wanted));
}

/** Of our own account: anybody may start a program with such a variable, and would be taken for the server. */
async function noncesOf(proc: Proc, tokenFile: string): Promise<readonly string[]> {
  const nonces = new Set<string>();
  for (const { pid } of proc.list().map(({ identity }) => identity)) {
    const variables = proc.environment(pid);
    const nonce = variables.find((entry) => entry.startsWith(`${NONCE_VARIABLE}=`))?.slice(NONCE_VARIABLE.length + 1);
    const isOurs = nonce !== undefined && variables.includes(`${TOKEN_FILE_VARIABLE}=${tokenFile}`);
    if (isOurs && pid !== process.pid && (await accountNumberOf(proc, pid)) === process.geteuid?.()) nonces.add(nonce);
  }
  return [...nonces];
}

/** Look and kill(2) in one turn: only a pid given again within these microseconds could be hit by mistake. */
function signalNow(
  actor: Actor,
  seen: SeenProcess | undefined,
  identity: ProcessIdentity,
  name: SignalName,
): Result<void> {
  if (!isSameProcess(seen?.identity, identity)) return succeed();
  try {
    process.kill(identity.pid, POSIX_SIGNALS[name]);
    return succeed();
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ESRCH') return succeed();
    return fail(
      faultOf('no-permission', 'the process belongs to another account', { operation: 'kill', account: actor.account }),
    );
  }
}

async function usage(proc: Proc, tree: readonly ProcessIdentity[]): Promise<TreeUsage> {
  const seen = tree.map((identity) => {
    const now = proc.read(identity.pid);
    return isSameProcess(now?.identity, identity) ? now : undefined;
  });
  const alive = seen.filter((process) => process !== undefined);
  const io = await Promise.all(alive.map((process) => ioBytes(proc, process.identity.pid)));
  const known = io.filter((bytes) => bytes !== undefined);
  return {
    processes: alive.length,
    cpuMs: sum(alive.map((process) => process.stat.cpuTicks * TICK_MS)),
    residentBytes: sum(alive.map((process) => process.stat.residentPages * PAGE_BYTES)),
    ...(known.length === 0 ? {} : { ioBytes: sum(known) }),
  };
}

async function ioBytes(proc: Proc, pid: number): Promise<number | undefined> {
  const text = await proc.text(pid, 'io');
  if (text === undefined) return undefined;
  return sum([...text.matchAll(/^(?:rchar|wchar): (\d+)$/gm)].map((match) => Number(match[1])));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

type Holder = { readonly identity: ProcessIdentity; readonly name: string };

/**
 * By working directory, program, root, descriptors and mapped files; links in the path are resolved as the kernel does.
 *
 * The server is down while this is asked: everything is read at once, as environments are, where the thread pool would take
 * longer for each call than the kernel for ten of them.
 */
async function holdersOf(proc: Proc, path: string): Promise<readonly Holder[]> {
  const real = (await realpath(path).catch(unlessGone)) ?? path;
  const holding = proc
    .list()
    .filter(({ identity, stat }) => !stat.isKernel && identity.pid !== process.pid && holds(proc, identity.pid, real));
  return Promise.all(holding.map(async (seen) => ({ identity: seen.identity, name: await programName(proc, seen) })));
}

function holds(proc: Proc, pid: number, path: string): boolean {
  const isBelow = (target: string | undefined): boolean => target === path || (target?.startsWith(`${path}/`) ?? false);
  if (['cwd', 'exe', 'root'].some((name) => isBelow(proc.linkNow(pid, name)))) return true;
  if (proc.descriptorsNow(pid).some(({ target }) => isBelow(target))) return true;
  const maps = readNow(`/proc/${pid}/maps`);
  // Most programs map hundreds of files and none of ours: only a text that names the path is taken apart.
  if (!maps?.includes(path)) return false;
  return maps.split('\n').some((line) => isBelow(/^(?:\S+\s+){5}(\/.*)$/.exec(line)?.[1]));
}
