import type { Clock } from '../../platform/clock.ts';
import { faultOf, type Fault } from '../../platform/fault.ts';
import type { Log } from '../../platform/log.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { RangeRead, RangeWish, RepositoryReader } from './repository-reader.ts';

/** A copy of the repository, with its address as it was configured. */
export interface RepositoryCopy {
  readonly name: string;
  readonly reader: RepositoryReader;
}

export interface MirroredReader extends RepositoryReader {
  /** A new look: copies that gave other content may have been put right. */
  forgive(): void;
}

/** A copy that failed is asked last for so long. */
const SHUN_MS = 15 * 60_000;

/**
 * Large files from the first copy that works; JSON files from the repository itself (`mirrored-metadata.ts` asks the others).
 *
 * A copy that fails, ends early or is given up is told in the log and asked last from then on; one that gave other content than
 * the signed one is not asked for that file again. A transfer goes on at the next copy where it stands: what was fetched is
 * proven by its signed digest, whoever it came from.
 */
export function createMirroredReader(
  repository: RepositoryCopy,
  mirrors: readonly RepositoryCopy[],
  tools: { readonly clock: Clock; readonly log: Log },
): MirroredReader {
  const copies = [...mirrors, repository];
  const shunnedAt = new Map<RepositoryCopy, number>();
  const liars = new Map<string, Set<RepositoryCopy>>();
  const lastServed = new Map<string, RepositoryCopy>();

  const blame = (copy: RepositoryCopy, code: string, detail: string): void => {
    shunnedAt.set(copy, tools.clock.monotonic());
    tools.log.warn('a copy of the repository failed: another is asked', { copy: copy.name, code, detail });
  };
  const disown = (path: string): number => {
    const copy = lastServed.get(path);
    const known = liars.get(path) ?? new Set();
    if (copy !== undefined && !known.has(copy)) blame(copy, 'digest-mismatch', `${path} is not the signed content`);
    if (copy !== undefined) liars.set(path, known.add(copy));
    return copies.length - known.size;
  };
  const candidates = (path: string): readonly RepositoryCopy[] => {
    const since = (copy: RepositoryCopy): number => {
      const at = shunnedAt.get(copy) ?? -Infinity;
      return tools.clock.monotonic() - at < SHUN_MS ? at : -Infinity;
    };
    const honest = copies.filter((copy) => liars.get(path)?.has(copy) !== true);
    // A stable sort: those that never failed stay as they were configured.
    return honest.toSorted((a, b) => (since(a) === since(b) ? 0 : since(a) - since(b)));
  };

  async function openRange(path: string, wish: RangeWish): Promise<Result<RangeRead>> {
    let fault: Fault = faultOf('digest-mismatch', 'no copy of the repository gives the signed content');
    for (const copy of candidates(path)) {
      const opened = await openCopy(copy, path, wish);
      if (opened.ok) {
        lastServed.set(path, copy);
        const tooMuch = (): void => void disown(path);
        return succeed(watch(opened.value, wish, { blame: (code, detail) => blame(copy, code, detail), tooMuch }));
      }
      fault = opened.fault;
      if (fault.code === 'cancelled' || wish.signal?.aborted === true) return opened;
      blame(copy, fault.code, fault.detail);
    }
    return fail(fault);
  }

  return {
    host: repository.reader.host,
    readJson: (path, limit, signal) => repository.reader.readJson(path, limit, signal),
    openRange,
    disown,
    forgive: () => liars.clear(),
    async close() {
      await Promise.all(copies.map(({ reader }) => reader.close()));
    },
  };
}

/** Validators are each web server's own: the same content has another one elsewhere. */
async function openCopy({ reader }: RepositoryCopy, path: string, wish: RangeWish): Promise<Result<RangeRead>> {
  const opened = await reader.openRange(path, { ...wish, validator: undefined });
  if (!opened.ok || wish.until === undefined || opened.value.start === wish.from) return opened;
  await opened.value.discard();
  return fail(faultOf('archive-invalid', 'the server does not give parts of a file'));
}

interface Verdicts {
  readonly blame: (code: string, detail: string) => void;
  readonly tooMuch: () => void;
}

/** Notices how a transfer ends. A body that is longer than signed ends like a broken line, so that another copy is asked. */
function watch(read: RangeRead, wish: RangeWish, verdicts: Verdicts): RangeRead {
  const wanted = (wish.until ?? wish.length) - read.start;
  let [came, judged] = [0, false];
  const judge = (act: () => void): void => {
    if (!judged && wish.signal?.aborted !== true) act();
    judged = true;
  };
  async function* pieces(): AsyncGenerator<Result<Uint8Array>> {
    for await (const piece of read.body) {
      came += piece.ok ? piece.value.length : 0;
      if (!piece.ok) judge(() => verdicts.blame(piece.fault.code, piece.fault.detail));
      if (came > wanted) {
        judge(verdicts.tooMuch);
        yield fail(faultOf('body-truncated', `more than the signed ${wanted} bytes came from this copy`));
        return;
      }
      yield piece;
    }
    if (came < wanted) judge(() => verdicts.blame('body-truncated', `${came} of ${wanted} bytes came`));
  }
  return {
    start: read.start,
    ...(read.announced === undefined ? {} : { announced: read.announced }),
    body: pieces(),
    async discard() {
      if (came < wanted) judge(() => verdicts.blame('too-slow', `given up after ${came} of ${wanted} bytes`));
      await read.discard();
    },
  };
}
