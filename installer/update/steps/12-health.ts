import { nothingToUndo, type Step } from '../step.ts';
import { watchServer } from '../watch.ts';

/** Watches the new version for the whole watch time; what it says decides between commit and fallback. */
export const health: Step<'health'> = {
  run: async (context) => watchServer(context, { watchMs: context.tools.policy.watchMs }),
  undo: nothingToUndo,
};
