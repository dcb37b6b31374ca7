import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import type { TrustedRepository } from './trusted.ts';
import { listTrusted } from './verify.ts';

/** Which published releases a command is about; what is absent matches all. */
export interface PublishedChoice {
  readonly version: string;
  readonly product?: string | undefined;
  readonly channel?: string | undefined;
  readonly platform?: string | undefined;
}

/**
 * The releases of this version, one a platform, all of one product and channel.
 *
 * Errors: `release-unknown`, `request-invalid` when products or channels have to be told apart.
 */
export function choosePublished(trusted: TrustedRepository, choice: PublishedChoice): Result<readonly Release[]> {
  const found = listTrusted(trusted).releases.filter(
    ({ version, product, channel, platform }) =>
      version === choice.version &&
      product === (choice.product ?? product) &&
      channel === (choice.channel ?? channel) &&
      platform === (choice.platform ?? platform),
  );
  if (found.length === 0) {
    const values = { version: choice.version };
    return fail(faultOf('release-unknown', `version ${choice.version} is not published there`, { values }));
  }
  const lines = new Set(found.map(({ product, channel }) => `${product} ${channel}`));
  return lines.size === 1
    ? succeed(found)
    : fail(faultOf('request-invalid', `say --product and --channel: ${[...lines].toSorted().join(', ')}`));
}
