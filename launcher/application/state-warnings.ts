import { join } from 'node:path';
import type { Fault } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { asidesIn } from '../../platform/record-file.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { formatTime } from '../texts/format.ts';
import { say } from '../texts/messages.ts';
import type { ViewWords } from '../views/update-view.ts';

/** A damaged file that was set aside and still lies there. */
export interface AsideRecord {
  readonly path: string;
  /** Wall-clock milliseconds. */
  readonly at: number;
}

/** Where records of the state folder lie; below are copies of data. */
const FOLDERS = ['.', 'orders', 'outbox', 'trusted', 'data-backups'];
/** What `status` shows; the newest say most. */
const SHOWN = 8;

/** What was set aside by this launcher and by earlier ones: it says more than a log that is read by nobody. */
export async function recordsAside(files: Pick<Files, 'list'>, stateFolder: string): Promise<readonly AsideRecord[]> {
  const found: AsideRecord[] = [];
  for (const folder of FOLDERS.map((name) => join(stateFolder, name))) {
    const asides = await asidesIn(files, folder);
    found.push(...asides.map(({ file, at }) => ({ path: join(folder, file), at })));
  }
  return found.sort((one, other) => other.at - one.at).slice(0, SHOWN);
}

/** For `status`: records that cannot be read, or of a newer launcher, and those that were set aside. */
export function stateWarnings(
  unread: readonly (Fault | undefined)[],
  asides: readonly AsideRecord[],
  language: Language,
  words: Pick<ViewWords, 'explain'>,
): readonly string[] {
  const told = unread.flatMap((fault) => {
    if (fault === undefined) return [];
    const { message, remedy } = words.explain(fault, language);
    return [`${message}. ${remedy}`];
  });
  const moved = asides.map(({ path, at }) =>
    say(language, 'warning.set-aside', { path, time: formatTime(at, language) }),
  );
  return [...new Set(told), ...moved];
}
