import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Files } from '../files.ts';
import { succeed } from '../result.ts';
import type { Result } from '../result.ts';

/** In the state folder, readable by its owner alone. */
export const LOCK_TOKEN_FILE = 'lock-token';
const TOKEN_BYTES = 32;
const TOKEN_LIMIT_BYTES = 256;
/** These say that no token lies there: nothing, something far too long, a folder. */
const NO_TOKEN: readonly string[] = ['not-found', 'too-large', 'path-refused'];

/**
 * The name under which the lock of a state folder is held.
 *
 * It comes from a random token that only the owner of the folder can read, so that no other account can take the name first.
 */
export async function lockName(files: Files, stateFolder: string): Promise<Result<string>> {
  const path = join(stateFolder, LOCK_TOKEN_FILE);
  const found = await files.readText(path, TOKEN_LIMIT_BYTES);
  if (found.ok && found.value.trim().length >= TOKEN_BYTES) return succeed(nameOf(found.value.trim()));
  if (!found.ok && !NO_TOKEN.includes(found.fault.code)) return found;
  // Damage must not keep a launcher, and with it the server, from starting.
  const nothing = !found.ok && found.fault.code === 'not-found';
  const made = nothing ? succeed() : await files.removeTree(path);
  const published = made.ok ? await publishToken(files, path) : made;
  if (!published.ok) return published;
  const settled = await files.readText(path, TOKEN_LIMIT_BYTES);
  return settled.ok ? succeed(nameOf(settled.value.trim())) : settled;
}

/** Of two launchers that start for the first time together, one token wins and counts for both. */
async function publishToken(files: Files, path: string): Promise<Result<void>> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const written = await files.writeDurably(temporary, `${randomBytes(TOKEN_BYTES).toString('hex')}\n`, 0o600);
  if (!written.ok) return written;
  const published = await files.renameNew(temporary, path);
  if (published.ok || published.fault.code !== 'already-exists') return published;
  return files.remove(temporary);
}

function nameOf(token: string): string {
  return `om-launcher-${createHash('sha256').update(token).digest('hex').slice(0, 40)}`;
}
