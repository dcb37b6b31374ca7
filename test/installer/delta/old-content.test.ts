import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MEMORY_BYTES, type OldContent, openOldContent } from '../../../installer/delta/old-content.ts';
import type { FileEntry } from '../../../installer/delta/delta-manifest.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { platform } from '../staging/scene.ts';

const MIB = 1024 * 1024;
/** Makes each number of a row another one: a block that is taken for its neighbour shows. */
const ODD = 2_654_435_761;

/** Too large for memory, and with an end that fills no whole block. */
async function openLarge(): Promise<{ readonly bytes: Buffer; readonly content: OldContent }> {
  const folder = temporaryFolder('old-content');
  const bytes = Buffer.from(
    Uint32Array.from({ length: MEMORY_BYTES / 4 + 250 }, (_, index) => Math.imul(index, ODD)).buffer,
  );
  writeFileSync(join(folder, 'large'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const source = { kind: 'file', path: 'large', size: bytes.length, sha256 } as FileEntry;
  const opened = await openOldContent(platform.files, folder, [source]);
  if (!opened.ok) throw new Error(opened.fault.detail);
  return { bytes, content: opened.value };
}

async function readAt(content: OldContent, position: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  const read = await content.read(position, target);
  expect(read.ok).toBe(true);
  return target;
}

it('reads anywhere in a file that is read where it lies, also after its short end made room for other blocks', async () => {
  const { bytes, content } = await openLarge();
  const end = bytes.length - 500;
  expect(await readAt(content, end, 500)).toEqual(bytes.subarray(end));
  // More than all blocks that are kept, each read across the border to the next.
  for (let position = MIB / 8; position + MIB / 4 < bytes.length; position += MIB / 4)
    expect((await readAt(content, position, MIB / 4)).equals(bytes.subarray(position, position + MIB / 4))).toBe(true);
  expect(await readAt(content, end, 500)).toEqual(bytes.subarray(end));
  expect(await content.read(bytes.length - 1, Buffer.alloc(2))).toMatchObject({ fault: { code: 'digest-mismatch' } });
  await content.close();
});
