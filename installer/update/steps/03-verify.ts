import { join } from 'node:path';
import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { DELTA_PACK_NAME, PACK_NAME } from '../../repository/layout.ts';
import type { SignedFile } from '../../release.ts';
import { bringFullInstead, decidedTransfer } from '../bring-release.ts';
import { nothingToUndo, required, type Step, type StepContext } from '../step.ts';
import { stagingOf } from '../staging-places.ts';

/**
 * Reads the pack on disk once more and compares it with its signed digest, before anything is made of it; objects and files
 * are each compared again while they are staged.
 */
export const verify: Step<'verify'> = {
  async run(context) {
    const { release } = required(context, 'preflight');
    if (release === undefined) {
      return fail(faultOf('release-unknown', 'preflight chose no release'));
    }
    const transfer = await decidedTransfer(context);
    const delta = transfer.kind === 'delta' ? release.deltas?.find(({ from }) => from === transfer.from) : undefined;
    if (delta !== undefined && transfer.kind !== 'full') {
      const verified = await checkPack(context, DELTA_PACK_NAME, delta.pack);
      if (!verified.ok) {
        const full = await bringFullInstead(context, transfer, verified.fault);
        return full.ok ? succeed({ files: release.files, bytes: release.pack.length }) : full;
      }
    }
    const full = transfer.kind === 'full' ? await checkPack(context, PACK_NAME, release.pack) : succeed();
    return full.ok ? succeed({ files: release.files, bytes: transfer.bytes }) : full;
  },
  undo: nothingToUndo,
};

async function checkPack({ tools, order }: StepContext, name: string, wanted: SignedFile): Promise<Result<void>> {
  const path = join(stagingOf(tools.places, order), name);
  const digest = await tools.files.digest(path);
  if (!digest.ok || digest.value === wanted.sha256) {
    return digest.ok ? succeed() : digest;
  }
  return fail(faultOf('digest-mismatch', 'the pack on disk is not the signed one', { path }));
}
