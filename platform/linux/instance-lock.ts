import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Files } from '../files.ts';
import type { InstanceLock, InstanceLocks } from '../instance-lock.ts';
import { lockName, LOCK_TOKEN_FILE } from '../node/lock-token.ts';
import { holdSocketName } from '../node/socket-lock.ts';
import type { Result } from '../result.ts';
import { openProc, unlessGone } from './proc.ts';

/** A name in the abstract socket namespace, unix(7): no file, gone with the process whatever ends it. */
export function createLinuxLocks(files: Files): InstanceLocks {
  return {
    acquire: async (stateFolder) => {
      const held = await hold(files, stateFolder);
      if (held.ok || held.fault.code !== 'launcher-running') return held;
      if (!(await isSquatted(files, stateFolder))) return held;
      const removed = await files.remove(join(stateFolder, LOCK_TOKEN_FILE));
      return removed.ok ? hold(files, stateFolder) : removed;
    },
  };
}

async function hold(files: Files, stateFolder: string): Promise<Result<InstanceLock>> {
  const name = await lockName(files, stateFolder);
  return name.ok ? holdSocketName(`\0${name.value}`, stateFolder) : name;
}

/**
 * True when the name is surely held by an account that could not have read the token.
 *
 * Names in use can be read by everybody in /proc/net/unix, so that a user could take ours between two starts and keep the
 * launcher from starting; a holder that we cannot see counts as a launcher.
 */
async function isSquatted(files: Files, stateFolder: string): Promise<boolean> {
  const token = await files.facts(join(stateFolder, LOCK_TOKEN_FILE));
  const name = await lockName(files, stateFolder);
  if (!token.ok || token.value === undefined || !name.ok) return false;
  const holders = await accountsOf(name.value);
  const { owner } = token.value;
  return holders.length > 0 && holders.every((account) => account !== 0 && account !== owner);
}

/** User ids of the processes that have the abstract socket of that name open. */
async function accountsOf(name: string): Promise<readonly number[]> {
  const table = (await readFile('/proc/net/unix', 'latin1').catch(unlessGone)) ?? '';
  const line = table.split('\n').find((entry) => entry.endsWith(` @${name}`));
  const inode = line?.trim().split(/\s+/)[6];
  if (inode === undefined) return [];
  const proc = openProc();
  const accounts: number[] = [];
  for (const { identity } of proc.list()) {
    const held = await proc.descriptors(identity.pid);
    if (!held?.some(({ target }) => target === `socket:[${inode}]`)) continue;
    const facts = await stat(`/proc/${identity.pid}`).catch(unlessGone);
    if (facts !== undefined) accounts.push(facts.uid);
  }
  return accounts;
}
