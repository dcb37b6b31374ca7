import type { FoundCrash } from '../../supervisor/crashes/crash-bundle.ts';
import type { CrashView } from '../api/schemas.ts';

/** A crash in one line of an answer; the rest is in its bundle. Pure. */
export function crashView({ path, bundle }: FoundCrash): CrashView {
  const { at, exit, fingerprint, count } = bundle;
  return {
    at,
    ...(exit.kind === 'exited' && { exitStatus: exit.code }),
    ...(exit.kind === 'signalled' && { exitSignal: exit.signal }),
    fingerprint,
    count,
    bundle: path,
  };
}
