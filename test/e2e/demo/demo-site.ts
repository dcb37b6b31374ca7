import { type OmSite, openOmSite } from '../kit/om-site.ts';

/** The customer's machine of the demonstration: OM Business 2026.1.0 is installed, two newer releases are published. */
export const INSTALLED = '2026.1.0';
export const GOOD = '2026.2.0';
export const BROKEN = '2026.3.0';

/** Short waits, or nobody would watch: what takes minutes at a customer's takes seconds here. */
export const DELAY_SECONDS = 12;
/** In the later scenes: enough to see that users are warned again. */
export const SHORT_DELAY_SECONDS = 4;
const WATCH_SECONDS = 4;
const DIES_AFTER_MS = 1_500;

export async function openDemoSite(
  folder: string,
  launcher: readonly string[] | undefined,
  say: (line: string) => void,
): Promise<OmSite> {
  say(`A customer's machine in ${folder}`);
  const site = await openOmSite({
    folder,
    installed: { version: INSTALLED },
    delaySeconds: DELAY_SECONDS,
    watchSeconds: WATCH_SECONDS,
    ...(launcher === undefined ? {} : { launcher }),
  });
  await site.release(GOOD);
  say(`The vendor has published ${INSTALLED} and ${GOOD}, signed.`);
  return site;
}

/** Published only later: it starts, becomes ready, and dies again and again. */
export async function publishBroken(site: OmSite): Promise<void> {
  await site.release(BROKEN, { behaviour: { diesAfterReadyMs: DIES_AFTER_MS } });
}
