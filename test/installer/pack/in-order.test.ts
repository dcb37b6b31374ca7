import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../installer/pack/in-order.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';

const broken = fail(faultOf('file-held', 'the file is held'));

/** Items that are made when the test says so. */
function openScene(
  setting: { atOnce?: number; weightLimit?: number; weights?: Readonly<Record<string, number>> } = {},
) {
  const { atOnce = 2, weightLimit = 100, weights = {} } = setting;
  const open = new Map<string, (result: Result<string>) => void>();
  const taken: string[] = [];
  const work = {
    atOnce,
    weightLimit,
    weightOf: (item: string) => weights[item] ?? 1,
    make: async (item: string) => new Promise<Result<string>>((resolve) => open.set(item, resolve)),
    take: async (made: string): Promise<Result<void>> => {
      taken.push(made);
      return Promise.resolve(made === 'refused' ? broken : succeed());
    },
  };
  const end = async (item: string, result: Result<string> = succeed(item)): Promise<void> => {
    open.get(item)?.(result);
    open.delete(item);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { work, taken, end, making: () => [...open.keys()] };
}

describe('things made at the same time', () => {
  it('are taken in the order of their items, whichever is made first', async () => {
    const { work, taken, end, making } = openScene();
    const all = inOrder(['a', 'b', 'c'], work);
    expect(making()).toEqual(['a', 'b']);
    await end('b');
    expect([making(), taken]).toEqual([['a', 'c'], []]);
    await end('c');
    expect(taken).toEqual([]);
    await end('a');
    expect(taken).toEqual(['a', 'b', 'c']);
    expect(await all).toEqual(succeed());
  });

  it('weigh together no more than they may until they are taken', async () => {
    const { work, taken, end, making } = openScene({ weightLimit: 10, weights: { a: 4, b: 5, c: 2, d: 8 } });
    const all = inOrder(['a', 'b', 'c', 'd'], work);
    await end('b');
    expect(making()).toEqual(['a']);
    await end('a');
    expect([making(), taken]).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
    await end('d');
    await end('c');
    expect([await all, taken]).toEqual([succeed(), ['a', 'b', 'c', 'd']]);
  });

  it('are made alone when one of them weighs more than all may', async () => {
    const { work, end, making } = openScene({ weightLimit: 10, weights: { b: 50 } });
    const all = inOrder(['a', 'b', 'c'], work);
    expect(making()).toEqual(['a']);
    await end('a');
    expect(making()).toEqual(['b']);
    await end('b');
    expect(making()).toEqual(['c']);
    await end('c');
    expect(await all).toEqual(succeed());
  });

  it('end with the first fault in their order, once nothing is being made', async () => {
    const { work, taken, end, making } = openScene({ atOnce: 3 });
    const all = inOrder(['a', 'b', 'c', 'd'], work);
    let ended = false;
    void all.then(() => (ended = true));
    await end('b', broken);
    await end('a');
    expect([making(), taken, ended]).toEqual([['c', 'd'], ['a'], false]);
    await end('c', fail(faultOf('io-error', 'another')));
    expect(ended).toBe(false);
    await end('d');
    expect(await all).toEqual(broken);
    expect(taken).toEqual(['a']);
  });

  it('end when one of them is not taken', async () => {
    const { work, taken, end, making } = openScene({ atOnce: 1 });
    const all = inOrder(['a', 'b', 'c'], work);
    await end('a', succeed('refused'));
    expect(making()).toEqual(['b']);
    await end('b');
    expect([await all, taken, making()]).toEqual([broken, ['refused'], []]);
  });

  it('may be none', async () => {
    expect(await inOrder([], openScene().work)).toEqual(succeed());
  });
});
