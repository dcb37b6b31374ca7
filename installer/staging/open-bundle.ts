import type { Files } from '../../platform/files.ts';
import type { Result } from '../../platform/result.ts';
import { DEFAULT_ROOT_MODE } from '../pack/manifest.ts';
import type { FileManifest } from '../release.ts';

/** Gives a staged bundle's own folder its final mode, just before it goes live; safe to repeat. */
export function openStagedBundle(files: Files, folder: string, manifest: FileManifest): Promise<Result<void>> {
  return files.setMode(folder, manifest.rootMode ?? DEFAULT_ROOT_MODE);
}
