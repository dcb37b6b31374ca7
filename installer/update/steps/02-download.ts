import { succeed } from '../../../platform/result.ts';
import { bringRelease } from '../bring-release.ts';
import { withinDownloadHours } from '../download-window.ts';
import { outcomeOf } from '../next-move.ts';
import type { Step } from '../step.ts';
import { stagingOf } from '../staging-places.ts';

/** Brings the release to this machine: a delta, the objects that are not on disk, or its full pack. */
export const download: Step<'download'> = {
  run: async (context) => withinDownloadHours(context, bringRelease),
  async undo({ tools, order, journal }) {
    // What could not be put back may lie in there, an earlier bundle for one.
    return outcomeOf(journal) === 'held' ? succeed() : tools.files.removeTree(stagingOf(tools.places, order));
  },
};
