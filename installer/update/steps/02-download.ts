import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { outcomeOf } from '../next-move.ts';
import { required, type Step } from '../step.ts';
import { stagingOf } from '../staging-places.ts';

/** Brings the release's pack to this machine, resuming what an interrupted try left. */
export const download: Step<'download'> = {
  async run(context) {
    const { tools, order } = context;
    const { release } = required(context, 'preflight');
    const source = await tools.openSource(order);
    if (!source.ok || release === undefined) {
      return source.ok ? fail(faultOf('release-unknown', 'preflight chose no release')) : source;
    }
    const folder = stagingOf(tools.places, order);
    const made = await tools.files.makeFolder(folder, 0o700);
    if (!made.ok) {
      return made;
    }
    const fetched = await source.value.download(release, folder, {
      signal: context.signal,
      onProgress: (progress) => context.note({ kind: 'transfer', ...progress }),
    });
    return fetched.ok ? succeed(fetched.value) : fetched;
  },
  async undo({ tools, order, journal }) {
    // What could not be put back may lie in there, an earlier bundle for one.
    return outcomeOf(journal) === 'held' ? succeed() : tools.files.removeTree(stagingOf(tools.places, order));
  },
};
