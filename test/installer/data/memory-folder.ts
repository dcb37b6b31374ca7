import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const MEMORY = '/dev/shm';

/** A new folder in memory where there is such a place: tests that repeat hundreds of times need not wait for a real fsync. */
export function memoryFolder(name: string): string {
  if (!existsSync(MEMORY)) return temporaryFolder(name);
  const path = mkdtempSync(join(MEMORY, `om-launcher-${name}-`));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
