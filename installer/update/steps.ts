import type { Steps } from './step.ts';
import { preflight } from './steps/01-preflight.ts';
import { download } from './steps/02-download.ts';
import { verify } from './steps/03-verify.ts';
import { stage } from './steps/04-stage.ts';
import { warn } from './steps/05-warn.ts';
import { drain } from './steps/06-drain.ts';
import { stop } from './steps/07-stop.ts';
import { backUp } from './steps/08-back-up.ts';
import { carryOver } from './steps/09-carry-over.ts';
import { swap } from './steps/10-swap.ts';
import { start } from './steps/11-start.ts';
import { health } from './steps/12-health.ts';
import { commit } from './steps/13-commit.ts';
import { notify } from './steps/14-notify.ts';
import { cleanUp } from './steps/15-clean-up.ts';

/** The steps behind the names of the pipeline. */
export const STEPS: Steps = {
  preflight,
  download,
  verify,
  stage,
  warn,
  drain,
  stop,
  backUp,
  carryOver,
  swap,
  start,
  health,
  commit,
  notify,
  cleanUp,
};
