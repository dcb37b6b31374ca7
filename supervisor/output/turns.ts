/** One act at a time; a start goes first, and what is under way may look whether one waits. */
export interface Turns {
  take<Value>(act: () => Promise<Value>): Promise<Value>;
  hurry<Value>(act: () => Promise<Value>): Promise<Value>;
  readonly isHurried: () => boolean;
  /** Nothing is under way and nothing waits. */
  readonly isFree: () => boolean;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let hurried = 0;
  let pending = 0;
  const take = <Value>(act: () => Promise<Value>): Promise<Value> => {
    pending += 1;
    const turn = last.then(act).finally(() => (pending -= 1));
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    take,
    async hurry(act) {
      hurried += 1;
      try {
        return await take(act);
      } finally {
        hurried -= 1;
      }
    },
    isHurried: () => hurried > 0,
    isFree: () => pending === 0,
  };
}
