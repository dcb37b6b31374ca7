import { join } from 'node:path';
import type { KeeperState, OutputParts } from './output-parts.ts';

const PROBE = 'server-output.probe';
const PROBE_BYTES = 64 * 1024;

/** Whether pieces can be cut off here; tried once, on a file of our own, before the first is copied. */
export async function canFreeStart({ files, folder, freeStart, log }: OutputParts, state: KeeperState) {
  if (state.cutting !== 'untried') return state.cutting === 'possible';
  const path = join(folder, PROBE);
  const opened = await files.openWritable(path, { start: 'empty' });
  if (!opened.ok) return false;
  const written = await opened.value.write(Buffer.alloc(PROBE_BYTES, '.'));
  await opened.value.close();
  const freed = written.ok ? await freeStart(path, PROBE_BYTES / 2) : written;
  await files.remove(path);
  // A full disk says nothing about the file system: it is tried again.
  if (!written.ok) return false;
  state.cutting = freed.ok ? 'possible' : 'impossible';
  if (!freed.ok) log.warn('the server output is cut at starts only', { fault: freed.fault });
  return freed.ok;
}
