const DEADLINE_MS = 10_000;
const LOOK_EACH_MS = 10;

/** Waits until `condition` gives something that is not false, null or undefined, and gives that; throws at the deadline. */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  what: string | (() => string) = 'the condition',
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<Value, false | null | undefined>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) {
      return value as Exclude<Value, false | null | undefined>;
    }
    if (performance.now() > end)
      throw new Error(`waited ${deadlineMs} ms in vain for ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EACH_MS));
  }
}
