import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { DeltaManifest } from '../../../installer/delta/delta-manifest.ts';
import { type Difference, diff } from '../../../installer/delta/diff.ts';
import { planDelta } from '../../../installer/delta/plan-delta.ts';
import { readDelta } from '../../../installer/delta/read-delta.ts';
import { manifestChanges, rebuildManifest } from '../../../installer/delta/rebuild-manifest.ts';
import type { ContentWriter } from '../../../installer/pack/splitter.ts';
import type { FileManifest } from '../../../installer/release.ts';
import { succeed } from '../../../platform/result.ts';
import { noise } from '../staging/scene.ts';
import { frame, memoryFiles } from './memory.ts';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const STREAMS = ['control', 'gaps', 'changes', 'literals'] as const;

export const oldBytes = noise('old', 6_000);
export const newBytes = Buffer.concat([
  oldBytes.subarray(3_000),
  noise('new', 200),
  changed(oldBytes.subarray(0, 3_500)),
]);
export const streams = diff(oldBytes, newBytes);
export const [oldManifest, newManifest] = [manifestOf('1.0', oldBytes), manifestOf('2.0', newBytes)];

function changed(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 5; at < copy.length; at += 37) copy[at] = (copy[at] ?? 0) + 64;
  return copy;
}

function manifestOf(version: string, bytes: Uint8Array): FileManifest {
  const digest = sha256(bytes);
  const pack = frame(bytes);
  return {
    schema: 1,
    version,
    entries: [
      { kind: 'folder', path: 'bin', mode: 0o755 },
      { kind: 'file', path: 'bin/server', mode: 0o755, size: bytes.length, sha256: digest },
    ],
    objects: [{ offset: 0, length: pack.length, sha256: sha256(pack), size: bytes.length, contents: [digest] }],
  };
}

/** A delta whose digests and lengths fit these streams, whatever they hold: what a thief of the keys would sign. */
export function deltaOf(parts: Difference): { readonly delta: DeltaManifest; readonly packed: Buffer } {
  const frames = STREAMS.map((name) => (parts[name].length === 0 ? Buffer.alloc(0) : frame(parts[name])));
  const [control = 0, gaps = 0, changes = 0, literals = 0] = frames.map(({ length }) => length);
  const bytes = Buffer.concat(frames);
  const patch = { sources: [1], contents: [1], sha256: sha256(bytes) };
  const lengths: [number, number, number, number] = [control, gaps, changes, literals];
  const changesOfManifest = manifestChanges(oldManifest, newManifest);
  const code = parts.code ? ({ code: true } as const) : {};
  const schema = parts.code ? 2 : 1;
  return { delta: { schema, ...changesOfManifest, patches: [{ ...patch, lengths, ...code }] }, packed: bytes };
}

/** The client's whole way without its disk; `made` when every check has passed and the content is the very one. */
export async function stage(manifest: DeltaManifest, pack: Uint8Array): Promise<string> {
  const rebuilt = rebuildManifest(oldManifest, manifest);
  if (!rebuilt.ok) return rebuilt.fault.code;
  const plan = planDelta(oldManifest, rebuilt.value, manifest);
  if (!plan.ok) return plan.fault.code;
  const files = memoryFiles({ '/pack': pack, '/old/bin/server': oldBytes });
  const written: Uint8Array[] = [];
  const writer: ContentWriter = {
    write(bytes) {
      written.push(Uint8Array.from(bytes));
      return Promise.resolve(succeed());
    },
    close: () => Promise.resolve(succeed()),
  };
  const sink = { open: () => Promise.resolve(succeed(writer)) };
  const read = await readDelta({ files, packFile: '/pack', oldFolder: '/old', plan: plan.value }, sink);
  const made = Buffer.concat(written);
  expect(made.length).toBeLessThanOrEqual(newBytes.length);
  if (!read.ok) return read.fault.code;
  return made.equals(newBytes) ? 'made' : 'made something else';
}
