import type { Result } from '../../platform/result.ts';
import type { Language, Notice, Sessions } from '../../supervisor/sessions/sessions.ts';
import type { NoticeView } from '../api/schemas.ts';

/** Notices older than this are no longer shown to a client that connects. */
const SHOWN_MS = 15 * 60_000;
const KEPT_NOTICES = 100;

/** What OM Client reads with `GET /v1/notices`: every notice, whether the server could show it itself or not. */
export interface NoticeBoard {
  post(notice: Notice): void;
  /** After the notice with the id `since` (all recent ones without it), oldest first. */
  read(since: string | undefined, language: Language): readonly NoticeView[];
}

interface PostedNotice {
  readonly notice: Notice;
  readonly at: number;
}

/** `now` gives wall-clock milliseconds. */
export function createNoticeBoard(now: () => number, onPost: (notice: Notice) => void): NoticeBoard {
  const posted: PostedNotice[] = [];
  return {
    post(notice) {
      posted.push({ notice, at: now() });
      posted.splice(0, posted.length - KEPT_NOTICES);
      onPost(notice);
    },
    read(since, language) {
      const from = since === undefined ? 0 : posted.findIndex(({ notice }) => notice.id === since) + 1;
      return posted
        .slice(from)
        .filter(({ at }) => now() - at <= SHOWN_MS)
        .map((entry) => noticeView(entry, language, now()));
    },
  };
}

/** The seconds left are counted down from the posting, so that a late reader sees the truth. */
function noticeView({ notice, at }: PostedNotice, language: Language, now: number): NoticeView {
  const left = notice.secondsLeft === undefined ? undefined : Math.ceil(notice.secondsLeft - (now - at) / 1000);
  return {
    id: notice.id,
    at: new Date(at).toISOString(),
    text: notice.text[language],
    ...(left === undefined ? {} : { secondsLeft: Math.max(0, left) }),
  };
}

/** Sessions whose notices also stand on the board. */
export function withNoticeBoard(sessions: Sessions, board: NoticeBoard): Sessions {
  return {
    ...sessions,
    async warn(notice): Promise<Result<void>> {
      board.post(notice);
      return sessions.warn(notice);
    },
  };
}
