import type { ProcessExit } from '../../platform/processes.ts';
import { describeExit } from '../exit-text.ts';
import { holdOutput, readTail } from '../output/output-tail.ts';
import { inBackground, readyFor, type ServerRun, type Supervision } from '../supervision.ts';
import { type CrashFacts, writeCrash } from './crash-bundle.ts';
import { fingerprintOf } from './fingerprint.ts';
import { redactLines } from './redact.ts';

const LINES = 200;

/** A crash that is being recorded. */
export interface RecordedCrash {
  /** Its output is held: from here on a restart may take the file's name over. */
  readonly outputHeld: Promise<unknown>;
  /** Its last lines. */
  readonly lines: Promise<readonly string[]>;
}

/**
 * Keeps what is known of a run that ended by itself, or was ended because it was unwell (`endedBecause`).
 *
 * It is written in the background; a disk that hangs or is full costs the bundle, never the restart.
 */
export function recordCrash(
  supervision: Supervision,
  run: ServerRun,
  exit: ProcessExit,
  endedBecause?: string,
): RecordedCrash {
  const { files } = supervision.dependencies;
  const facts = factsOf(supervision, run, exit, endedBecause);
  const outputHeld = holdOutput(files, run.outputFile);
  const lines = outputHeld.then((output) => (output ? readTail(files, output, LINES) : []));
  inBackground(
    supervision,
    lines.then((last) => write(supervision, facts, last)),
  );
  return { outputHeld, lines };
}

type KnownAtOnce = Omit<CrashFacts, 'output' | 'fingerprint'>;

function factsOf(supervision: Supervision, run: ServerRun, exit: ProcessExit, endedBecause?: string): KnownAtOnce {
  const { dependencies, options, store, restarts } = supervision;
  const { clock, machine, link } = dependencies;
  const state = store.state();
  const version = link.report()?.version ?? (state.kind === 'up' ? state.version : undefined);
  const probe = state.kind === 'degraded' ? state.fault : undefined;
  return {
    at: new Date(clock.now()).toISOString(),
    exit,
    ...(endedBecause !== undefined && { endedBecause }),
    processId: run.process.pid,
    watchedMs: Math.round(clock.monotonic() - run.beganAt),
    readyMs: Math.round(readyFor(supervision, run)),
    restartAttempt: restarts.attempt,
    versions: {
      ...(version !== undefined && { server: version }),
      launcher: options.launcherVersion,
      system: machine.system,
      platform: machine.platform,
    },
    ...(probe && { lastProbe: { code: probe.code, detail: probe.detail } }),
    memory: run.memory.map(({ at, residentBytes, processes }) => ({
      at: new Date(at).toISOString(),
      residentBytes,
      processes,
    })),
  };
}

async function write(
  { dependencies, options, records }: Supervision,
  known: KnownAtOnce,
  lines: readonly string[],
): Promise<void> {
  const { files, log } = dependencies;
  const output = redactLines(lines, [records.tokenFile]);
  const { exit } = known;
  const fingerprint = fingerprintOf(exit, output);
  const written = await writeCrash(files, options.logFolder, { ...known, output: [...output], fingerprint });
  if (written.ok) {
    const { path, bundle } = written.value;
    log.error(`the server ${describeExit(exit)}`, { fingerprint, count: bundle.count, bundle: path });
  } else log.warn('the crash bundle cannot be written', { fault: written.fault, fingerprint });
}
