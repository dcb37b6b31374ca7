import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { HealthSample } from '../../supervisor/server-control.ts';
import type { StepContext } from './step.ts';

export interface WatchReport {
  readonly samples: number;
  readonly crashes: number;
}

export interface WatchRequest {
  /** At least this long, and until the consecutive passes are there. */
  readonly watchMs: number;
}

/**
 * Watches a server that was just started: consecutive good samples of the same process, for the whole time, with no more
 * crashes than are forgiven. A crashed one is started again here, because nobody else may while an order holds the server.
 */
export async function watchServer(context: StepContext, request: WatchRequest): Promise<Result<WatchReport>> {
  const { tools } = context;
  const startedAt = tools.clock.monotonic();
  const endsAt = startedAt + request.watchMs;
  const givesUpAt = endsAt + tools.policy.startLimitMs;
  let watch: Watch = { samples: 0, passes: 0, crashes: 0 };
  for (;;) {
    const sample = await tools.server.sampleHealth();
    watch = countSample(watch, sample);
    const now = tools.clock.monotonic();
    if (watch.crashes > tools.policy.forgivenCrashes) {
      return fail(faultOf('server-unhealthy', `it ended ${watch.crashes} times within the watch`, causeOf(sample)));
    }
    if (now >= endsAt && watch.passes >= tools.policy.passes) {
      return succeed({ samples: watch.samples, crashes: watch.crashes });
    }
    if (now >= givesUpAt) {
      return fail(faultOf('server-unhealthy', 'it did not become healthy within the watch', causeOf(sample)));
    }
    const going = await goOn(context, sample, watch, Math.max(0, endsAt - now));
    if (!going.ok) {
      return going;
    }
  }
}

interface Watch {
  readonly samples: number;
  readonly passes: number;
  readonly crashes: number;
  /** Of the last good sample. */
  readonly processId?: number;
}

/** Pure: a pass counts only while it is the same process; another or none means that the last one ended. */
export function countSample(watch: Watch, sample: HealthSample): Watch {
  const processId = sample.process?.pid;
  const ended = watch.processId !== undefined && processId !== watch.processId;
  const passes = sample.ready ? (ended ? 1 : watch.passes + 1) : 0;
  return {
    samples: watch.samples + 1,
    passes,
    crashes: watch.crashes + Number(ended || processId === undefined),
    ...(processId === undefined ? {} : { processId }),
  };
}

async function goOn(context: StepContext, sample: HealthSample, watch: Watch, leftMs: number): Promise<Result<void>> {
  const { tools } = context;
  context.note({ kind: 'watch', secondsLeft: Math.ceil(leftMs / 1000), passes: watch.passes });
  if (sample.process === undefined) {
    const started = await tools.server.start({ startLimitMs: tools.policy.startLimitMs, signal: context.signal });
    if (!started.ok && started.fault.code !== 'server-exited') {
      return started;
    }
  }
  if ((await tools.clock.sleep(tools.policy.sampleEveryMs, context.signal)) === 'aborted') {
    return fail(faultOf('cancelled', 'the watch was ended early'));
  }
  return succeed();
}

/** Why the server itself ended, not how that led to what the probe saw. */
function causeOf(sample: HealthSample): { cause?: Fault } {
  let root = sample.fault;
  while (root?.cause !== undefined) {
    root = root.cause;
  }
  return root === undefined ? {} : { cause: root };
}
