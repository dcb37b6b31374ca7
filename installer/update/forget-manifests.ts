import { join } from 'node:path';
import { factsOf } from './journal-entry.ts';
import type { StepContext } from './step.ts';

/** As preflight names them: by digest. */
const MANIFEST_NAME = /^[0-9a-f]{64}\.json\.zst$/;

/**
 * Removes the manifests of releases that are neither live nor kept any more; else each release ever tried would leave one.
 *
 * They are lists that can be fetched again, and no order may fail for them: what cannot be removed now is by the next one.
 */
export async function forgetManifests({ tools, journal }: StepContext): Promise<void> {
  const { files, places, installed, log } = tools;
  const record = await installed.read();
  const names = await files.list(places.manifestFolder);
  if (!record.ok || !names.ok) {
    return;
  }
  const { live, kept } = record.value;
  const needed = [live, ...kept].map((release) => release?.manifestFile);
  needed.push(factsOf(journal, 'preflight')?.shippedManifest);
  for (const name of names.value.filter((candidate) => MANIFEST_NAME.test(candidate))) {
    const path = join(places.manifestFolder, name);
    const removed = needed.includes(path) ? undefined : await files.remove(path);
    if (removed?.ok === false) {
      log.warn('the manifest of an earlier release cannot be removed', { path, code: removed.fault.code });
    }
  }
}
