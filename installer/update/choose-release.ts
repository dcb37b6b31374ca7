import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import { dueRelease } from '../schedule/decide.ts';
import { type Eligibility, type Hindrance, hindrancesOf } from '../schedule/eligibility.ts';
import { compareVersions } from '../version.ts';
import type { InstalledRecord } from './installed.ts';
import type { Order } from './order.ts';
import type { UpdateTools } from './tools.ts';

/** What is due for an order: a person who orders is not kept by earlier tries, nor one who gives a file by roll-outs and delays. */
export async function eligibilityFor(
  tools: Pick<UpdateTools, 'eligibility'>,
  installed: Pick<InstalledRecord, 'bad'>,
  order: Pick<Order, 'unattended' | 'fromFile'>,
): Promise<Eligibility> {
  const { bad } = installed;
  const { marks, machineId, delayDays, ...always } = await tools.eligibility();
  return {
    ...always,
    bad,
    ...(order.unattended === undefined ? {} : { marks }),
    ...(order.fromFile === undefined ? { machineId, delayDays } : {}),
  };
}

/** The wanted version, or the newest that is newer than the live one and that nothing holds back. Pure. */
export function chooseRelease(
  offered: readonly Release[],
  wanted: string | undefined,
  live: string | undefined,
  eligibility: Eligibility,
): Result<Release> {
  const present = offered.filter(({ withdrawn }) => withdrawn === undefined);
  if (wanted !== undefined) return chooseWanted(offered, wanted, live);
  const { pin } = eligibility;
  if (pin !== undefined && pin !== live && !present.some(({ version }) => version === pin)) {
    return fail(faultOf('release-unknown', `the pinned version ${pin} is not offered`, { values: { version: pin } }));
  }
  const due = dueRelease(present, live, eligibility);
  return due === undefined ? whyNone(present, live, eligibility) : succeed(due);
}

/** An explicit version may be older, marked bad or not yet due: a person said so. The same one again is nothing to do. */
function chooseWanted(offered: readonly Release[], wanted: string, live: string | undefined): Result<Release> {
  if (wanted === live) {
    return fail(faultOf('nothing-to-do', `version ${wanted} is already installed`, { values: { version: wanted } }));
  }
  const release = offered.find(({ version }) => version === wanted);
  if (release !== undefined && release.withdrawn === undefined) return succeed(release);
  const why = release === undefined ? 'is not offered' : 'was withdrawn by the vendor';
  return fail(faultOf('release-unknown', `version ${wanted} ${why}`, { values: { version: wanted } }));
}

const SAID_BY_PREFLIGHT: readonly Hindrance['kind'][] = ['out-of-reach', 'launcher-too-old', 'launcher-too-new'];

function whyNone(offered: readonly Release[], live: string | undefined, eligibility: Eligibility): Result<Release> {
  const { pin } = eligibility;
  const newest = offered
    .filter(({ version }) => pin === undefined || version === pin)
    .filter(({ version }) => live === undefined || compareVersions(version, live) > 0)
    .toSorted((a, b) => compareVersions(b.version, a.version))[0];
  if (newest === undefined) {
    return fail(faultOf('nothing-to-do', whyNothing(pin), { values: { version: live ?? '?' } }));
  }
  const hindrances = hindrancesOf(newest, live, eligibility);
  const kinds = hindrances.map(({ kind }) => kind);
  // Preflight says it with the version that has to come in between, of the application or of the launcher.
  if (kinds.every((kind) => SAID_BY_PREFLIGHT.includes(kind))) return succeed(newest);
  const { version } = newest;
  return kinds.includes('bad')
    ? fail(faultOf('release-marked-bad', `release ${version} failed on this machine before`, { values: { version } }))
    : fail(faultOf('release-held-back', detailOf(version, hindrances), { values: { version } }));
}

function detailOf(version: string, hindrances: readonly Hindrance[]): string {
  const reasons = hindrances.map((one) =>
    'until' in one ? `${one.kind} until ${new Date(one.until).toISOString()}` : one.kind,
  );
  return `release ${version} is held back: ${reasons.join(', ')}`;
}

function whyNothing(pin: string | undefined): string {
  return pin === undefined
    ? 'no newer release is offered'
    : `version ${pin} is pinned by updates.pin, and it is not newer than the installed one`;
}
