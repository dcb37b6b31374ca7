import { expect, test } from 'vitest';
import type { OrderProgress } from '../../../installer/update/running-order.ts';
import { keepSmall } from '../../../launcher/cli/keep-small.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';

function launcherWith() {
  const clock = createFakeClock();
  const released: number[] = [];
  const listeners = new Set<(progress: OrderProgress) => void>();
  const end = keepSmall(
    {
      platform: { clock },
      own: { releaseMemory: () => void released.push(clock.monotonic()) },
    } as unknown as Parameters<typeof keepSmall>[0],
    {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  );
  const tell = (kind: string): void => {
    for (const listener of listeners) listener({ journal: [{ kind, at: 0 }] } as unknown as OrderProgress);
  };
  return { clock, released, tell, end };
}

test('memory is given back once the start has settled, and after each order', async () => {
  const { clock, released, tell } = launcherWith();
  await clock.advance(20_000);
  expect(released).toEqual([15_000]);
  tell('done');
  await clock.advance(10_000);
  tell('settled');
  await clock.advance(10_000);
  expect(released).toEqual([15_000, 30_500]);
});

test('nothing of it is left when the launcher ends', async () => {
  const { clock, released, tell, end } = launcherWith();
  tell('settled');
  end();
  tell('settled');
  await clock.advance(60_000);
  expect(released).toEqual([]);
});
