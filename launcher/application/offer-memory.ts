import type { Release } from '../../installer/release.ts';
import type { ReleaseSource } from '../../installer/repository/release-source.ts';
import type { ReleaseSources } from '../wiring/release-sources.ts';

/** What the repository said last, for questions that must not ask it again. */
export interface OfferMemory {
  last(): readonly Release[];
}

/** The same sources; what the repository lists is remembered, what a file holds is not. */
export function withOfferMemory(sources: ReleaseSources): { sources: ReleaseSources; memory: OfferMemory } {
  let last: readonly Release[] = [];
  const remembering = (source: ReleaseSource): ReleaseSource => ({
    ...source,
    async refresh(signal) {
      const listed = await source.refresh(signal);
      if (listed.ok) last = listed.value;
      return listed;
    },
  });
  return {
    memory: { last: () => last },
    sources: {
      ...sources,
      async open(order) {
        const opened = await sources.open(order);
        return opened.ok && order.fromFile === undefined ? { ok: true, value: remembering(opened.value) } : opened;
      },
    },
  };
}
