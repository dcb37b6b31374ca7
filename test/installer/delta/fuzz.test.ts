import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  decodeDeltaManifest,
  decodeDeltaManifestFile,
  encodeDeltaManifest,
} from '../../../installer/delta/delta-manifest.ts';
import { deltaOf, newBytes, oldBytes, sha256, stage, STREAMS, streams } from './forged.ts';
import { applyStreams, createRandom } from './memory.ts';

/** In all, a third for each kind, and as many again with predicted addresses; `DELTA_MUTATIONS=100000` for the long run. */
const MUTATIONS = Number(process.env['DELTA_MUTATIONS'] ?? 2_000);
const SHARE = Math.ceil(MUTATIONS / 3);
const TIMEOUT_MS = 60_000 + MUTATIONS * 20;

const { delta, packed } = deltaOf(streams);
/** The same streams, told to be changes of predicted addresses: they make something else. */
const misread = { ...streams, code: true };

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

  it('of the patch streams with predicted addresses: refused', { timeout: TIMEOUT_MS }, async () => {
    const random = createRandom(4);
    for (let count = 0; count < SHARE; count += 1) {
      const name = STREAMS[Math.floor(random(4))] ?? 'control';
      const parts = { ...misread, [name]: mutate(misread[name], random) };
      const made = await applyStreams(oldBytes, parts, newBytes.length, 1 + Math.floor(random(64)));
      if (!made.ok) expect(REFUSALS).toContain(made.fault.code);
      if (count % 4 !== 0) continue;
      const forged = deltaOf(parts);
      expect([...REFUSALS, 'made']).toContain(await stage(forged.delta, forged.packed));
    }
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
