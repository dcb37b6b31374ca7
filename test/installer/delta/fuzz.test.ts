import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  decodeDeltaManifest,
  decodeDeltaManifestFile,
  type DeltaManifest,
  encodeDeltaManifest,
} from '../../../installer/delta/delta-manifest.ts';
import { type Difference, diff } from '../../../installer/delta/diff.ts';
import { planDelta } from '../../../installer/delta/plan-delta.ts';
import { readDelta } from '../../../installer/delta/read-delta.ts';
import { manifestChanges, rebuildManifest } from '../../../installer/delta/rebuild-manifest.ts';
import type { ContentWriter } from '../../../installer/pack/splitter.ts';
import type { FileManifest } from '../../../installer/release.ts';
import { succeed } from '../../../platform/result.ts';
import { noise } from '../staging/scene.ts';
import { applyStreams, createRandom, frame, memoryFiles } from './memory.ts';

/** In all, a third for each kind; `DELTA_MUTATIONS=100000` for the long run. */
const MUTATIONS = Number(process.env['DELTA_MUTATIONS'] ?? 2_000);
const SHARE = Math.ceil(MUTATIONS / 3);
const TIMEOUT_MS = 60_000 + MUTATIONS * 20;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const STREAMS = ['control', 'gaps', 'changes', 'literals'] as const;

const oldBytes = noise('old', 6_000);
const newBytes = Buffer.concat([oldBytes.subarray(3_000), noise('new', 200), changed(oldBytes.subarray(0, 3_500))]);
const streams = diff(oldBytes, newBytes);
const [oldManifest, newManifest] = [manifestOf('1.0', oldBytes), manifestOf('2.0', newBytes)];
const { delta, packed } = deltaOf(streams);

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
function deltaOf(parts: Difference): { readonly delta: DeltaManifest; readonly packed: Buffer } {
  const frames = STREAMS.map((name) => (parts[name].length === 0 ? Buffer.alloc(0) : frame(parts[name])));
  const [control = 0, gaps = 0, changes = 0, literals = 0] = frames.map(({ length }) => length);
  const bytes = Buffer.concat(frames);
  const patch = { sources: [1], contents: [1], sha256: sha256(bytes) };
  const lengths: [number, number, number, number] = [control, gaps, changes, literals];
  const changesOfManifest = manifestChanges(oldManifest, newManifest);
  return { delta: { schema: 1, ...changesOfManifest, patches: [{ ...patch, lengths }] }, packed: bytes };
}

/** The client's whole way without its disk; `made` when every check has passed and the content is the very one. */
async function stage(manifest: DeltaManifest, pack: Uint8Array): Promise<string> {
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

/** Flips, overwrites, removes, repeats or appends some bytes. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Buffer {
  const at = Math.floor(random(bytes.length + 1));
  const count = 1 + Math.floor(random(8));
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  const strange = Buffer.from(
    Array.from({ length: count }, () => [0, 1, 127, 128, 255, random(256)][Math.floor(random(6))] ?? 0),
  );
  switch (Math.floor(random(5))) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random(8)));
      return copy;
    }
    case 1:
      return Buffer.concat([before, strange, behind.subarray(count)]);
    case 2:
      return Buffer.concat([before, behind.subarray(count)]);
    case 3:
      return Buffer.concat([before, strange, behind]);
    default:
      return Buffer.concat([before, behind, behind.subarray(0, count * 40)]);
  }
}

it('the untouched delta is accepted, and its parts are worth the attack', async () => {
  expect(await stage(delta, packed)).toBe('made');
  for (const name of STREAMS) expect(streams[name].length).toBeGreaterThan(2);
});

const REFUSALS = ['archive-invalid', 'digest-mismatch', 'too-large', 'newer-schema'];

describe(`${MUTATIONS} mutations`, () => {
  it('of the patch streams, signed all the same: refused, or the very content', { timeout: TIMEOUT_MS }, async () => {
    const random = createRandom(1);
    const seen = new Map<string, number>();
    for (let count = 0; count < SHARE; count += 1) {
      const name = STREAMS[Math.floor(random(4))] ?? 'control';
      const parts = { ...streams, [name]: mutate(streams[name], random) };
      const made = await applyStreams(oldBytes, parts, newBytes.length, 1 + Math.floor(random(64)));
      if (count % 4 === 0) {
        const forged = deltaOf(parts);
        const outcome = await stage(forged.delta, forged.packed);
        if (made.ok && made.value.equals(newBytes)) expect(outcome).toBe('made');
        else expect(REFUSALS).toContain(outcome);
      }
      const outcome = made.ok ? 'made' : made.fault.code;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      if (!made.ok) expect(REFUSALS).toContain(made.fault.code);
    }
    expect(seen.get('archive-invalid')).toBeGreaterThan(SHARE / 10);
  });

  it(
    'of the packed bytes: refused by the digest, and by the frames when they are signed',
    { timeout: TIMEOUT_MS },
    async () => {
      const random = createRandom(2);
      for (let count = 0; count < SHARE; count += 1) {
        const forged = mutate(packed, random);
        if (forged.equals(packed)) continue;
        expect(REFUSALS).toContain(await stage(delta, forged));
        const [patch] = delta.patches;
        if (patch === undefined) throw new Error('no patch');
        const [control, gaps, changes] = patch.lengths;
        const lengths: [number, number, number, number] = [
          control,
          gaps,
          changes,
          forged.length - control - gaps - changes,
        ];
        const signed = decodeDeltaManifest({ ...delta, patches: [{ ...patch, lengths, sha256: sha256(forged) }] });
        if (signed.ok) expect([...REFUSALS, 'made']).toContain(await stage(signed.value, forged));
      }
    },
  );

  it('of the delta manifest: refused, or the very release', { timeout: TIMEOUT_MS }, async () => {
    const random = createRandom(3);
    const file = encodeDeltaManifest(delta);
    const text = zstdDecompressSync(file);
    for (let count = 0; count < SHARE; count += 1) {
      const bytes = count % 3 === 0 ? mutate(file, random) : zstdCompressSync(mutate(text, random));
      const decoded = decodeDeltaManifestFile(bytes);
      const outcome = decoded.ok ? await stage(decoded.value, packed) : decoded.fault.code;
      expect([...REFUSALS, 'made']).toContain(outcome);
    }
  });
});
