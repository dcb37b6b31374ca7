import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Two files of these, so that two workers share ten thousand runs: some twenty seconds each on an idle core. */
export const RUNS_OF_A_FILE = 5_000;
export const RUNS_LIMIT_MS = 400_000;

/**
 * Plays these seeds as `npm run model` does, in a process of their own: three times as quick as within the test runner, whose
 * modules call each other through proxies.
 *
 * @returns the stories of the broken runs; empty when every promise held
 */
export async function storiesOfBroken(first: number, runs: number): Promise<string> {
  const program = new URL('main.ts', import.meta.url).pathname;
  const model = spawn(process.execPath, [program, '--runs', String(runs), '--seed', String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(model, 'exit') as Promise<[code: number | null]>;
  const [told, [code]] = await Promise.all([text(model.stdout), ended]);
  const summary = told.trimEnd().split('\n').at(-1) ?? '';
  const { runs: played, broken } = JSON.parse(summary) as { runs: number; broken: number };
  if (played !== runs || (code === 0) !== (broken === 0)) throw new Error(`the model ended with ${code}: ${summary}`);
  return told.slice(0, told.lastIndexOf(summary));
}
