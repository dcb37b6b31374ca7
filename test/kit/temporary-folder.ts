import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder of its own for the running test; removed at its end. Call it inside a test or a `beforeEach`. */
export function temporaryFolder(name = 'test'): string {
  const { path, remove } = makeTemporaryFolder(name);
  onTestFinished(remove);
  return path;
}

/** The same for `beforeAll`/`afterAll`: whoever makes it removes it. */
export function makeTemporaryFolder(name = 'test'): { readonly path: string; readonly remove: () => void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `om-launcher-${name}-`)));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}
