import { type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../../installer/release.ts';
import { chooseRelease, eligibilityFor } from '../../installer/update/choose-release.ts';
import { liveRelease } from '../../installer/update/live-release.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { CheckAnswer } from '../api/messages.ts';
import { heldBackViews } from '../views/check-view.ts';
import { releaseView } from '../views/release-view.ts';
import type { ApplicationParts } from './application-parts.ts';

/** The newest release that is due, of the repository or of the inbox, and why others are not; the inbox also serves where the repository is out of reach. */
export async function checkNow(
  parts: ApplicationParts,
  offered: Result<readonly Release[]>,
  language: Language,
): Promise<Result<CheckAnswer>> {
  const dropped = parts.inboxOffers();
  if (!offered.ok && dropped.length === 0) return offered;
  const fromRepository = offered.ok ? offered.value : [];
  const record = await parts.tools.installed.read();
  if (!record.ok) return record;
  const installed = record.value;
  const { version: live } = await liveRelease(parts.tools, installed);
  const all = [...fromRepository, ...dropped.map(({ release }) => release)];
  const eligibility = await eligibilityFor(parts.tools, installed, {});
  const chosen = chooseRelease(all, undefined, live, eligibility);
  const due = chosen.ok ? chosen.value : undefined;
  const { marks } = await parts.tools.eligibility();
  const situation = { ...parts.unattended, delaySeconds: parts.defaults.delaySeconds, offered: all, live, due };
  const notYet = heldBackViews({ ...situation, eligibility: { ...eligibility, marks } }, language, (obstacle, asked) =>
    parts.words.obstacle(obstacle, asked),
  );
  const told = {
    ...(notYet.length === 0 ? {} : { notYet: [...notYet] }),
    ...withdrawal(parts, fromRepository, live, language),
  };
  if (due !== undefined) {
    const file = fromRepository.includes(due) ? undefined : dropped.find(({ release }) => release === due)?.file;
    return succeed({
      available: releaseView(due, 'available', language, { file, from: live }),
      upToDate: false,
      ...told,
    });
  }
  if (!offered.ok) return offered;
  return answerWithout(chosen, told);
}

function answerWithout(chosen: Result<Release>, told: Partial<CheckAnswer>): Result<CheckAnswer> {
  if (chosen.ok) return succeed({ upToDate: false, ...told });
  const { code } = chosen.fault;
  return code === 'nothing-to-do' || code === 'release-held-back'
    ? succeed({ upToDate: code === 'nothing-to-do', ...told })
    : chosen;
}

/** Who runs what the vendor has taken back is told. */
export function withdrawal(
  { words }: Pick<ApplicationParts, 'words'>,
  offered: readonly Release[],
  live: string | undefined,
  language: Language,
): Pick<CheckAnswer, 'withdrawn'> {
  const withdrawn = offered.find(({ version }) => version === live)?.withdrawn;
  if (withdrawn === undefined || live === undefined) return {};
  const { reason } = withdrawn;
  const text = words.obstacle({ kind: 'withdrawn', ...(reason === undefined ? {} : { reason }) }, language);
  return { withdrawn: `${live}: ${text}` };
}
