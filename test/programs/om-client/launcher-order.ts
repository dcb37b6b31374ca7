import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderAnswer } from '../../../launcher/api/messages.ts';
import type { NoticeView, UpdateView } from '../../../launcher/api/schemas.ts';
import type { Language } from '../../../supervisor/sessions/sessions.ts';

/** What the Administrator enters in the update window of OM Client. */
export interface UpdateWishes {
  readonly delaySeconds: number;
  readonly email: string;
  readonly language: Language;
  readonly version?: string;
}

/** The order as OM Client follows it, straight from the launcher: the server is away meanwhile. */
export interface LauncherOrder {
  readonly id: string;
  readonly view: () => Promise<UpdateView>;
  /** Polls until the order is settled; throws after `limitMs`. A launcher that is away for a moment is asked again. */
  readonly follow: (limitMs: number, onView?: (view: UpdateView) => void) => Promise<UpdateView>;
  /** Notices after the one with the id `since`. */
  readonly notices: (since?: string) => Promise<readonly NoticeView[]>;
}

const REQUEST_LIMIT_MS = 10_000;
const POLL_MS = 200;
const UNSETTLED: readonly UpdateView['state'][] = ['scheduled', 'running'];

/** Presents the ticket at the launcher port. Throws with the launcher's code when it refuses. */
export async function orderFromLauncher(
  access: { readonly ticket: string; readonly launcher: string },
  wishes: UpdateWishes,
): Promise<LauncherOrder> {
  const { delaySeconds, language, version } = wishes;
  const accepted = (await call(access.launcher, 'POST', '/v1/updates', `Ticket ${access.ticket}`, {
    delaySeconds,
    notifyEmail: wishes.email,
    language,
    ...(version === undefined ? {} : { version }),
  })) as OrderAnswer;
  if (accepted.updateToken === undefined) throw new Error('the launcher gave no token to follow the update');
  const bearer = `Bearer ${accepted.updateToken}`;
  const ask = (target: string) => call(access.launcher, 'GET', target, bearer, undefined);
  const view = async () => (await ask(`/v1/updates/${accepted.id}?lang=${language}`)) as UpdateView;
  return {
    id: accepted.id,
    view,
    follow: (limitMs, onView) => follow(view, limitMs, onView),
    notices: async (since) => {
      const query = new URLSearchParams({ lang: language, ...(since === undefined ? {} : { since }) });
      const answer = await ask(`/v1/notices?${query.toString()}`);
      return (answer as { readonly notices: readonly NoticeView[] }).notices;
    },
  };
}

async function follow(
  view: () => Promise<UpdateView>,
  limitMs: number,
  onView: ((view: UpdateView) => void) | undefined,
): Promise<UpdateView> {
  const deadline = Date.now() + limitMs;
  let last = 'never reached';
  while (Date.now() < deadline) {
    try {
      const now = await view();
      onView?.(now);
      if (!UNSETTLED.includes(now.state)) return now;
      last = now.state;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(POLL_MS);
  }
  throw new Error(`the update did not settle in ${limitMs} ms: ${last}`);
}

async function call(
  launcher: string,
  method: string,
  target: string,
  authorization: string,
  body: unknown,
): Promise<unknown> {
  const response = await fetch(new URL(target, launcher), {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${(answer as { readonly code?: string }).code ?? 'no code'}`);
  return answer;
}
