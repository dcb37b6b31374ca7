import { expect, test } from 'vitest';
import { createNoticeBoard, withNoticeBoard } from '../../../launcher/application/notice-board.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { Notice, Sessions } from '../../../supervisor/sessions/sessions.ts';

const notice = (id: string, secondsLeft?: number): Notice => ({
  id,
  text: { en: `${id} en`, fr: `${id} fr`, de: `${id} de`, it: `${id} it` },
  ...(secondsLeft === undefined ? {} : { secondsLeft }),
});

test('a client sees what is new to it, in its language, with the seconds that are really left', () => {
  let now = 1_000;
  const board = createNoticeBoard(
    () => now,
    () => undefined,
  );
  board.post(notice('soon', 60));
  now += 10_000;
  board.post(notice('ten', 50));
  expect(board.read(undefined, 'fr')).toEqual([
    { id: 'soon', at: new Date(1_000).toISOString(), text: 'soon fr', secondsLeft: 50 },
    { id: 'ten', at: new Date(11_000).toISOString(), text: 'ten fr', secondsLeft: 50 },
  ]);
  expect(board.read('soon', 'de').map(({ text }) => text)).toEqual(['ten de']);
  expect(board.read('ten', 'en')).toEqual([]);
  now += 120_000;
  expect(board.read(undefined, 'it').map(({ secondsLeft }) => secondsLeft)).toEqual([0, 0]);
});

test('an old notice is no longer shown, and an unknown last id shows all', () => {
  let now = 0;
  const board = createNoticeBoard(
    () => now,
    () => undefined,
  );
  board.post(notice('yesterday'));
  now = 16 * 60_000;
  board.post(notice('now'));
  expect(board.read('never heard of', 'en').map(({ id }) => id)).toEqual(['now']);
});

test('a notice stands on the board also when the server cannot show it', async () => {
  const board = createNoticeBoard(
    () => 0,
    () => undefined,
  );
  const silent = { warn: async () => Promise.resolve(fail(faultOf('sessions-unknown', 'nobody to tell'))) };
  const told = await withNoticeBoard(silent as Partial<Sessions> as Sessions, board).warn(notice('soon'));
  expect(told.ok).toBe(false);
  expect(board.read(undefined, 'en').map(({ id }) => id)).toEqual(['soon']);
  const cooperating = { warn: async () => Promise.resolve(succeed()) };
  expect(await withNoticeBoard(cooperating as Partial<Sessions> as Sessions, board).warn(notice('two'))).toEqual(
    succeed(),
  );
});
