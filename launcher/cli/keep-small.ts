import type { Updates } from '../../installer/update/updates.ts';
import type { VerbContext } from './context.ts';

/** The server is up by then, or waited for. */
const START_SETTLED_MS = 15_000;
/** Whoever followed the order has read its end. */
const ORDER_SETTLED_MS = 500;

/**
 * Gives back what the start and each order leave behind: a program that waits for months does not trigger what would collect
 * it, and an order is most of what it ever does. Gives what ends this.
 */
export function keepSmall(
  { platform, own }: Pick<VerbContext, 'platform' | 'own'>,
  updates: Pick<Updates, 'subscribe'>,
): () => void {
  const ending = new AbortController();
  const releaseAfter = async (milliseconds: number): Promise<void> => {
    if ((await platform.clock.sleep(milliseconds, ending.signal)) === 'elapsed') own.releaseMemory();
  };
  void releaseAfter(START_SETTLED_MS);
  const forget = updates.subscribe(({ journal }) => {
    if (journal.at(-1)?.kind === 'settled') void releaseAfter(ORDER_SETTLED_MS);
  });
  return () => {
    forget();
    ending.abort();
  };
}
