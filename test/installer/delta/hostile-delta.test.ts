import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeDeltaManifest, type DeltaManifest, type Patch } from '../../../installer/delta/delta-manifest.ts';
import { appendNumber, appendSigned, createByteBuilder } from '../../../installer/delta/numbers.ts';
import { deltaOf, newBytes, oldBytes, sha256, stage, streams } from './forged.ts';

const honest = deltaOf(streams);

/** Triples of move, copy and insert. */
function control(...instructions: readonly (readonly [number, number, number])[]): Uint8Array {
  const builder = createByteBuilder();
  for (const [move, copy, insert] of instructions) {
    appendSigned(builder, move);
    appendNumber(builder, copy);
    appendNumber(builder, insert);
  }
  return builder.bytes();
}

function withPatch(change: Partial<Patch>): unknown {
  return { ...honest.delta, patches: honest.delta.patches.map((patch) => ({ ...patch, ...change })) };
}

async function attempt(manifest: unknown, packed: Uint8Array = honest.packed): Promise<string> {
  const decoded = decodeDeltaManifest(manifest);
  return decoded.ok ? stage(decoded.value, packed) : decoded.fault.code;
}

const size = newBytes.length;
const HUGE = Number.MAX_SAFE_INTEGER;

it('accepts the honest delta', async () => {
  expect(await attempt(honest.delta)).toBe('made');
});

describe('instructions, signed and in order, that', () => {
  it.each<[string, Uint8Array]>([
    ['move before the beginning', control([-1, 10, size - 10])],
    ['move behind the end', control([oldBytes.length + 1, 0, size])],
    ['move so far that numbers end', control([HUGE / 2 - 1, 1, 0], [HUGE / 2 - 1, 1, 0])],
    ['copy beyond the end of the old content', control([oldBytes.length - 5, 6, size - 6])],
    ['copy 2^53 bytes', control([0, HUGE, 0])],
    ['insert 2^53 bytes', control([0, 0, HUGE])],
    ['make one byte too many', control([0, 0, size + 1])],
    ['make less than was declared', control([0, 100, 0])],
    ['make nothing, again and again', control(...Array.from({ length: 1_000 }, () => [0, 0, 0] as const))],
    ['are numbers without an end', new Uint8Array(64).fill(255)],
    ['are numbers beyond 2^53', Uint8Array.from([0, 255, 255, 255, 255, 255, 255, 255, 127, 0])],
    ['end in the middle', streams.control.subarray(0, -1)],
    ['are not there', new Uint8Array(0)],
  ])('%s are refused', async (_, forged) => {
    const { delta, packed } = deltaOf({ ...streams, control: forged });
    expect(await attempt(delta, packed)).toBe('archive-invalid');
  });
});

describe('streams that', () => {
  it('hold a byte more than is used are refused', async () => {
    const literals = Buffer.concat([streams.literals, Buffer.from([0])]);
    const { delta, packed } = deltaOf({ ...streams, literals });
    expect(await attempt(delta, packed)).toBe('archive-invalid');
  });

  it('lack changes for their gaps are refused', async () => {
    const { delta, packed } = deltaOf({ ...streams, changes: streams.changes.subarray(0, 3) });
    expect(await attempt(delta, packed)).toBe('archive-invalid');
  });

  it('make another content are refused by its digest', async () => {
    const changes = Uint8Array.from(streams.changes, (change) => change ^ 1);
    const { delta, packed } = deltaOf({ ...streams, changes });
    expect(await attempt(delta, packed)).toBe('digest-mismatch');
  });

  it('are 512 MB of zeros in 20 KB take no memory', { timeout: 60_000 }, async () => {
    const bomb = zstdCompressSync(Buffer.alloc(512 * 1024 ** 2), { params: { [constants.ZSTD_c_windowLog]: 20 } });
    const before = process.memoryUsage().rss;
    for (const place of [0, 1, 2, 3]) {
      const { manifest, packed } = replaceFrame(place, bomb);
      expect(await attempt(manifest, packed)).toMatch(/archive-invalid|digest-mismatch/u);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
  });

  it('have a second frame behind the first are refused', async () => {
    const twice = Buffer.concat([zstdCompressSync(streams.literals), zstdCompressSync(Buffer.from('hidden'))]);
    const { manifest, packed } = replaceFrame(3, twice);
    expect(await attempt(manifest, packed)).toBe('archive-invalid');
  });
});

/** The honest pack with another frame for one stream, signed again. */
function replaceFrame(place: number, frame: Uint8Array): { readonly manifest: unknown; readonly packed: Buffer } {
  const lengths = honest.delta.patches[0]?.lengths ?? [0, 0, 0, 0];
  const frames = lengths.map((length, index) => {
    const start = lengths.slice(0, index).reduce((sum, before) => sum + before, 0);
    return index === place ? frame : honest.packed.subarray(start, start + length);
  });
  const packed = Buffer.concat(frames);
  const signed = { lengths: frames.map(({ length }) => length) as Patch['lengths'], sha256: sha256(packed) };
  return { manifest: withPatch(signed), packed };
}

describe('a delta manifest with', () => {
  const patch = honest.delta.patches[0];
  it.each<[string, unknown]>([
    ['the same content made twice', { ...honest.delta, patches: [patch, patch] }],
    ['no patch for a content', { ...honest.delta, patches: [] }],
    ['a folder as a source', withPatch({ sources: [0] })],
    ['a source that is not there', withPatch({ sources: [7] })],
    ['a folder as a content', withPatch({ contents: [0] })],
    ['a content that is not there', withPatch({ contents: [9] })],
    ['predicted addresses, of which its schema says nothing', withPatch({ code: true })],
    ['lengths beyond 2^53', withPatch({ lengths: [HUGE, HUGE, 1, 1] })],
    ['a length that is negative', withPatch({ lengths: [-1, 1, 1, 1] })],
    ['a place that is no whole number', withPatch({ sources: [0.5] })],
    ['another release to start from', { ...honest.delta, from: '0.9' }],
    ['another digest of the file manifest', { ...honest.delta, sha256: sha256(Buffer.from('other')) }],
    ['a changed entry that is a folder', withChanged({ places: [0] })],
    ['more places than sizes', withChanged({ places: [1, 0] })],
    ['a removed entry that is not there', { ...honest.delta, removed: [5] }],
    ['a removed entry that is changed as well', { ...honest.delta, removed: [1] }],
    ['a path out of the bundle', withAdded('../evil')],
    ['a path that is there already', withAdded('bin')],
    ['an object that is not there', { ...honest.delta, objects: [3] }],
    ['a member that nobody knows', { ...honest.delta, run: 'evil' }],
  ])('%s is refused', async (_, manifest) => {
    expect(await attempt(manifest)).toBe('archive-invalid');
  });

  it('a newer schema is refused as such', async () => {
    expect(await attempt({ ...honest.delta, schema: 3 })).toBe('newer-schema');
  });
});

function withChanged(change: Partial<DeltaManifest['changed']>): unknown {
  return { ...honest.delta, changed: { ...honest.delta.changed, ...change } };
}

function withAdded(path: string): unknown {
  return { ...honest.delta, added: [{ kind: 'folder', path, mode: 0o755 }] };
}
