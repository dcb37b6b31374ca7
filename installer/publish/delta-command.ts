import { type Result, succeed } from '../../platform/result.ts';
import { addDeltas } from './add-deltas.ts';
import { type CommandContext, type KeyOptions, keyOptions } from './command-inputs.ts';
import type { Verdict } from './commands.ts';
import { EXIT_STATUS } from './exit-status.ts';

export interface DeltaOptions extends KeyOptions {
  readonly repo: string;
  readonly to?: string;
  readonly from?: readonly string[];
  readonly deltas: number;
  readonly product?: string;
  readonly channel?: string;
  readonly platform?: string;
  readonly level?: number;
}

/** `om-publish delta`: a line for each delta, made, there already, or not worth its bytes. */
export async function runDelta(context: CommandContext, options: DeltaOptions): Promise<Result<Verdict>> {
  const keys = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const { to: version, product, channel, platform } = options;
  const added = await addDeltas(context.dependencies, {
    repository: context.path(options.repo),
    keys: keys.value,
    to: { ...(version === undefined ? {} : { version }), product, channel, platform },
    from: options.from ?? options.deltas,
    compressionLevel: options.level,
    signal: context.signal,
    onProgress: context.onProgress,
  });
  if (!added.ok) return added;
  const { release, added: made, kept, notWorthwhile } = added.value;
  const lines = [
    ...kept.map(({ from }) => `${from} → ${release.version}: was published already`),
    ...notWorthwhile.map(({ from, why }) => `${from} → ${release.version}: none, ${why}`),
    ...made.map(({ from, pack, manifest }) => {
      const bytes = pack.length + manifest.length;
      return `${from} → ${release.version}: ${bytes} bytes, ${percentOf(bytes, release.pack.length)} of the full pack`;
    }),
    `${made.length} deltas to ${release.product} ${release.version} ${release.channel} ${release.platform} are new.`,
  ];
  const value = { changed: made.length > 0, to: release.version, added: made, kept, notWorthwhile };
  return succeed({ status: EXIT_STATUS.done, lines, value });
}

function percentOf(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}
