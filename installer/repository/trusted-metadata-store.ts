import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result } from '../../platform/result.ts';

/** Bytes of a metadata file, by role; what is longer is refused before it is read to its end. */
export const METADATA_CAPS = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 } as const;

/** What this machine trusts already, as the verified bytes of each role; TUF 1.0 §5.3.8, 5.4.5, 5.5.7, 5.6.6. */
export interface TrustedMetadataStore {
  /** Undefined when there is none, or none that can be read: it is fetched again then. */
  read(role: string): Promise<Buffer | undefined>;
  write(role: string, bytes: Uint8Array): Promise<Result<void>>;
  drop(role: string): Promise<void>;
}

const FOLDER = 'trust';
const ROLE = /^[a-z0-9_-]{1,80}$/;

/** Keeps the metadata in `<stateFolder>/trust/<role>.json`, each file replaced whole or not at all. */
export function createTrustedMetadataStore(files: Files, stateFolder: string): TrustedMetadataStore {
  const folder = join(stateFolder, FOLDER);
  const pathOf = (role: string): string => join(folder, `${role}.json`);
  return {
    read: async (role) => {
      const read = await files.readBytes(pathOf(role), capOf(role));
      return read.ok && read.value.length > 0 ? read.value : undefined;
    },
    write: async (role, bytes) => {
      if (!ROLE.test(role))
        return fail(faultOf('path-refused', 'the name of a role is no file name', { values: { role } }));
      const made = await files.makeFolder(folder, 0o700);
      return made.ok ? files.writeDurably(pathOf(role), bytes, 0o600) : made;
    },
    drop: async (role) => {
      // A leftover that cannot be removed is refused again at the next look: nothing depends on this.
      await files.remove(pathOf(role));
    },
  };
}

/** The cap of a role; every delegated role is a targets role. */
export function capOf(role: string): number {
  return role === 'root' || role === 'timestamp' || role === 'snapshot' ? METADATA_CAPS[role] : METADATA_CAPS.targets;
}
