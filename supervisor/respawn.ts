import { type Launched, spawnRequest } from './launch.ts';
import { outputFileIn } from './output/output-names.ts';
import type { ServerRun, Supervision } from './supervision.ts';

/** What was done within one turn of the event loop for the start after a crash. */
export interface Respawn {
  /** Where the output of the run that ended lies now. */
  readonly earlierOutput: string;
  /** Absent where a start takes more than that: then nothing was started. */
  readonly spawned?: { readonly launched: Launched; readonly token: string };
}

/**
 * Starts the server again in the turn in which the one before it ended, with the intent that its record announces.
 *
 * Whatever is not as usual (a process of that run is left, its record or token is not what was written, its output is being cut,
 * a socket is handed over, the program is refused) is left to the start that has time to look into it. Decision 0022.
 */
export function respawn(supervision: Supervision, crashed: ServerRun): Respawn {
  const { dependencies, options, records, output } = supervision;
  const { atOnce } = dependencies;
  const nothing = { earlierOutput: crashed.outputFile };
  if (!atOnce || options.handover || supervision.recordLost) return nothing;
  const announced = records.announced(atOnce);
  if (announced?.nonce !== crashed.nonce) return nothing;
  if (atOnce.findByNonce(crashed.nonce).length > 0) return nothing;
  const aside = output.beforeStartAtOnce(atOnce);
  if (aside === undefined) return nothing;
  const outputFile = outputFileIn(options.logFolder);
  // A server that was taken over may write where an earlier configuration said.
  const earlierOutput = crashed.outputFile === outputFile ? aside : crashed.outputFile;
  const { next: nonce, token } = announced;
  const spawned = atOnce.spawnDetached(spawnRequest(supervision, nonce));
  if (!spawned.ok) return { earlierOutput };
  return { earlierOutput, spawned: { launched: { process: spawned.value, nonce, outputFile }, token } };
}
