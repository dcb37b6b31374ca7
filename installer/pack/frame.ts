/** Window of every frame, as a power of two: 8 MiB of memory to decompress, whatever the frame asks for. */
export const WINDOW_LOG = 23;

const MAGIC = 0xfd2fb528;
const WINDOW_LIMIT = 2 ** WINDOW_LOG;
/** Magic, descriptor, window, dictionary, content size: RFC 8878 §3.1.1.1 at its longest. */
const HEADER_LIMIT = 18;
const BLOCK_HEADER = 3;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** Follows the blocks of a zstd frame without decompressing it. Both calls return what is wrong, or undefined. */
export interface FrameScanner {
  push(bytes: Uint8Array): string | undefined;
  /** No more bytes come: they must have been one whole frame, exactly. */
  end(): string | undefined;
}

type Place =
  | { readonly at: 'header' }
  | { readonly at: 'block-header'; readonly checksum: number }
  | { readonly at: 'skip'; readonly left: number; readonly then: 'block-header' | 'done'; readonly checksum: number }
  | { readonly at: 'done' };

/**
 * Makes a scanner that accepts exactly one frame (RFC 8878 §3.1.1) without dictionary and with a window of at most 8 MiB.
 *
 * node:zlib decodes the first frame and drops silently what follows (nodejs/node#64741), so the end has to be found here.
 */
export function createFrameScanner(): FrameScanner {
  let place: Place = { at: 'header' };
  let pending = new Uint8Array(0);
  let problem: string | undefined;
  return {
    push(bytes) {
      let rest: Uint8Array = bytes;
      while (problem === undefined && rest.length > 0) {
        if (place.at === 'done') problem = 'bytes follow the frame';
        else if (place.at === 'skip') {
          const taken = Math.min(place.left, rest.length);
          rest = rest.subarray(taken);
          place = afterSkip({ ...place, left: place.left - taken });
        } else {
          const wanted = place.at === 'header' ? headerSize(pending) : BLOCK_HEADER;
          const missing = wanted - pending.length;
          pending = Uint8Array.from([...pending, ...rest.subarray(0, missing)]);
          rest = rest.subarray(missing);
          if (pending.length < wanted || (place.at === 'header' && headerSize(pending) > wanted)) continue;
          const next: Place | string = place.at === 'header' ? readHeader(pending) : readBlock(pending, place.checksum);
          pending = new Uint8Array(0);
          if (typeof next === 'string') problem = next;
          else place = next;
        }
      }
      return problem;
    },
    end: () => problem ?? (place.at === 'done' ? undefined : 'the frame is truncated'),
  };
}

function afterSkip(skip: Extract<Place, { at: 'skip' }>): Place {
  if (skip.left > 0) return skip;
  return skip.then === 'done' ? { at: 'done' } : { at: 'block-header', checksum: skip.checksum };
}

/** Bytes of the frame header, as far as its first five bytes tell. */
function headerSize(pending: Uint8Array): number {
  const descriptor = pending[4];
  if (descriptor === undefined) return 5;
  const { single, sizeBytes, dictionaryBytes } = readDescriptor(descriptor);
  return Math.min(HEADER_LIMIT, 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes);
}

function readDescriptor(descriptor: number): {
  single: boolean;
  sizeBytes: number;
  dictionaryBytes: number;
  reserved: boolean;
  checksum: number;
} {
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  return {
    single,
    sizeBytes: sizeFlag === 0 ? (single ? 1 : 0) : 2 ** sizeFlag,
    dictionaryBytes: [0, 1, 2, 4][descriptor & 3] ?? 0,
    reserved: (descriptor & 0x08) !== 0,
    checksum: (descriptor & 0x04) === 0 ? 0 : 4,
  };
}

function readHeader(bytes: Uint8Array): Place | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return 'this is no zstd frame';
  const descriptor = readDescriptor(view.getUint8(4));
  if (descriptor.reserved) return 'a reserved bit is set';
  if (descriptor.dictionaryBytes > 0) return 'the frame wants a dictionary';
  const window = descriptor.single ? contentSize(view, descriptor.sizeBytes) : windowSize(view.getUint8(5));
  if (window > WINDOW_LIMIT) return `the frame wants a window of ${String(window)} bytes`;
  return { at: 'block-header', checksum: descriptor.checksum };
}

/** RFC 8878 §3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** RFC 8878 §3.1.1.1.4; of a single-segment frame it is the window as well. */
function contentSize(view: DataView, bytes: number): number {
  switch (bytes) {
    case 1:
      return view.getUint8(5);
    case 2:
      return view.getUint16(5, true) + 256;
    case 4:
      return view.getUint32(5, true);
    default:
      return Number(view.getBigUint64(5, true));
  }
}

/** RFC 8878 §3.1.1.2. */
function readBlock(bytes: Uint8Array, checksum: number): Place | string {
  const [low = 0, middle = 0, high = 0] = bytes;
  const header = low | (middle << 8) | (high << 16);
  const type = (header >> 1) & 3;
  if (type === RESERVED_BLOCK) return 'a block has a reserved type';
  const left = type === RLE_BLOCK ? 1 : header >> 3;
  const last = (header & 1) === 1;
  return afterSkip({ at: 'skip', left: left + (last ? checksum : 0), then: last ? 'done' : 'block-header', checksum });
}
