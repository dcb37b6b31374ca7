import type { Release } from '../release.ts';
import { type ReleaseAddress, isChannel, isPlatform, isProduct, isVersion } from '../repository/layout.ts';
import { NOTES_LIMIT, NOTE_LANGUAGES } from '../repository/target-custom.ts';

/** What the vendor says of a release; the rest is measured. */
export type ReleaseDescription = ReleaseAddress &
  Pick<Release, 'dataFormat' | 'minClient' | 'maxClient' | 'from' | 'rollout' | 'notes'>;

/** Why a release cannot be published under this description, or undefined when it can. */
export function descriptionProblem(description: ReleaseDescription): string | undefined {
  const { product, channel, version, platform, dataFormat, minClient, maxClient, from, rollout } = description;
  if (!isProduct(product)) return `"${product}" cannot be a product: a–z, 0–9, "_" and "-", at most 32`;
  if (!isChannel(channel)) return `"${channel}" cannot be a channel: a–z, 0–9 and "_", at most 32`;
  if (!isPlatform(platform)) return `"${platform}" cannot be a platform, e.g. linux-x64`;
  const versions = [version, minClient, maxClient, from].filter((one) => one !== undefined);
  const wrong = versions.find((one) => !isVersion(one));
  if (wrong !== undefined) return `"${wrong}" cannot be a version`;
  if (dataFormat === '' || dataFormat.length > 64) return 'the data format is empty or longer than 64 characters';
  if (
    rollout !== undefined &&
    !(Number.isInteger(rollout.percentage) && rollout.percentage >= 0 && rollout.percentage <= 100)
  )
    return 'the rollout is no whole percentage';
  return notesProblem(description.notes);
}

function notesProblem(notes: Release['notes']): string | undefined {
  const known: readonly string[] = NOTE_LANGUAGES;
  for (const [language, text] of Object.entries(notes)) {
    if (!known.includes(language)) return `notes in "${language}" cannot be shown: ${known.join(', ')}`;
    if (text.length > NOTES_LIMIT)
      return `the notes in "${language}" are longer than ${String(NOTES_LIMIT)} characters`;
  }
  return undefined;
}
