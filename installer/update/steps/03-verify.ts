import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { nothingToUndo, required, type Step } from '../step.ts';

/** Checks the pack on disk against the signed manifest, object by object, before anything is unpacked. */
export const verify: Step<'verify'> = {
  async run(context) {
    const { release, nextManifest } = required(context, 'preflight');
    if (release === undefined || nextManifest === undefined) {
      return fail(faultOf('release-unknown', 'preflight kept no manifest'));
    }
    const manifest = await context.tools.staging.readManifest(nextManifest);
    if (!manifest.ok) {
      return manifest;
    }
    const { packFile } = required(context, 'download');
    const verified = await context.tools.staging.verifyPack(manifest.value, packFile, context.signal);
    return verified.ok ? succeed({ files: release.files, bytes: release.pack.length }) : verified;
  },
  undo: nothingToUndo,
};
