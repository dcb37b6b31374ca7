import { FAULT_CODES } from '../../platform/fault.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { ErrorBody, UpdateView } from '../api/schemas.ts';
import { type MessageKey, say } from '../texts/messages.ts';
import { EXIT, type ExitStatus, exitStatusOf } from './exit-status.ts';

/** How an order ended for whoever gave it: the exit status, and the last line. */
export interface Verdict {
  readonly status: ExitStatus;
  readonly text: string;
}

/** The verdict on an order as it stands. `serverRuns` decides how bad it is when an order is held. Pure. */
export function verdictOf(view: UpdateView, serverRuns: boolean, language: Language): Verdict {
  const { from, to, id } = view;
  switch (view.state) {
    case 'updated':
      return { status: EXIT.done, text: say(language, 'verdict.updated', { from, to }) };
    case 'rolled-back':
      return { status: EXIT.done, text: say(language, 'verdict.rolled-back', { to }) };
    case 'fell-back':
      return { status: EXIT.failed, text: say(language, 'verdict.fell-back', { from }) };
    case 'refused':
      return refusal(view.error, language);
    case 'cancelled':
      return { status: EXIT.failed, text: say(language, 'verdict.cancelled') };
    case 'held':
      return serverRuns
        ? { status: EXIT.failed, text: say(language, 'verdict.held') }
        : { status: EXIT.serverDown, text: say(language, 'verdict.failed-down') };
    case 'scheduled':
    case 'running':
      return { status: EXIT.done, text: say(language, 'verdict.ordered', { id }) };
  }
}

const REFUSALS = {
  [EXIT.noPermission]: 'verdict.no-permission',
  [EXIT.nothingToDo]: 'verdict.nothing-to-do',
  [EXIT.notTrusted]: 'verdict.not-trusted',
  [EXIT.tryLater]: 'verdict.try-later',
} as const satisfies Partial<Record<ExitStatus, MessageKey>>;

/** The last line when a verb was refused with this status. */
export function refusalText(status: number, language: Language): string {
  const key = Object.entries(REFUSALS).find(([known]) => Number(known) === status)?.[1];
  return say(language, key ?? 'verdict.refused');
}

function refusal(error: ErrorBody | undefined, language: Language): Verdict {
  const code = FAULT_CODES.find((known) => known === error?.code) ?? 'unexpected';
  const status = exitStatusOf(code);
  return { status, text: refusalText(status, language) };
}
