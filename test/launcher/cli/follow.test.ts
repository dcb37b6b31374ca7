import { describe, expect, it, onTestFinished } from 'vitest';
import type { ApiClient } from '../../../launcher/api/client.ts';
import type { UpdateView } from '../../../launcher/api/schemas.ts';
import { followOrder, type Sight } from '../../../launcher/cli/follow.ts';
import { faultOf } from '../../../platform/fault.ts';
import { createClock } from '../../../platform/node/clock.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { drainingUpdate } from './views.ts';

type Answer = Result<UpdateView>;

const clock = createClock();
const ABSENT: Answer = fail(faultOf('launcher-absent', 'no launcher answers'));
const RUNNING: Answer = succeed(drainingUpdate());
const DONE: Answer = succeed(drainingUpdate({ state: 'updated' }));

/** A client that gives one answer after the other, the last for ever; an event comes with each look. */
function clientWith(answers: readonly Answer[]): Pick<ApiClient, 'update' | 'follow'> & { looks(): number } {
  let looks = 0;
  return {
    looks: () => looks,
    update: async () => {
      const answer = answers[Math.min(looks, answers.length - 1)] ?? ABSENT;
      looks += 1;
      return Promise.resolve(answer);
    },
    async *follow({ signal }) {
      for (let id = 1; !signal.aborted; id += 1) {
        await clock.sleep(5, signal);
        yield succeed({ id, kind: 'update', at: '', public: false, data: {} } as const);
      }
    },
  };
}

async function sightsOf(answers: readonly Answer[], patienceMs = 5_000, stopAfter = Infinity): Promise<string[]> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const client = clientWith(answers) as ApiClient & { looks(): number };
  const seen: string[] = [];
  for await (const sight of followOrder({ client, clock, signal: stop.signal, patienceMs }, 'x')) {
    seen.push(nameOf(sight));
    if (seen.length >= stopAfter) stop.abort();
  }
  return seen;
}

function nameOf(sight: Result<Sight>): string {
  if (!sight.ok) return sight.fault.code;
  return sight.value.kind === 'away' ? 'away' : sight.value.view.state;
}

describe('following an order', () => {
  it('looks again at each event, and ends with the order', async () => {
    expect(await sightsOf([RUNNING, RUNNING, DONE])).toEqual(['running', 'running', 'updated']);
  });

  it('waits for a launcher that is away, and goes on when it is back', async () => {
    expect(await sightsOf([RUNNING, ABSENT, ABSENT, RUNNING, DONE])).toEqual([
      'running',
      'away',
      'away',
      'running',
      'updated',
    ]);
  });

  it('ends with the fault when the launcher stays away', async () => {
    const seen = await sightsOf([RUNNING, ABSENT], 700);
    expect(seen.at(0)).toBe('running');
    expect(seen.at(-1)).toBe('launcher-absent');
    expect(seen.slice(1, -1).every((sight) => sight === 'away')).toBe(true);
  });

  it('ends at once with a fault that waiting does not mend', async () => {
    expect(await sightsOf([RUNNING, fail(faultOf('update-unknown', 'none'))])).toEqual(['running', 'update-unknown']);
  });

  it('ends when it is told to', async () => {
    expect(await sightsOf([RUNNING], 5_000, 2)).toEqual(['running', 'running']);
  });
});
