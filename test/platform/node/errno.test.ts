import { describe, expect, test } from 'vitest';
import type { Actor } from '../../../platform/node/errno.ts';
import { attempt } from '../../../platform/node/errno.ts';
import { retryWhileHeld } from '../../../platform/node/retry-while-held.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';

const linux: Actor = { operatingSystem: 'linux', account: 'om' };
const windows: Actor = { operatingSystem: 'windows', account: 'OM_service' };

function refuse(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(code), { code, errno: -1, syscall: 'rename' }));
}

describe('errno', () => {
  test.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'quota-exceeded'],
    ['EBUSY', 'file-held'],
    ['ETXTBSY', 'file-held'],
    ['EACCES', 'no-permission'],
    ['EPERM', 'no-permission'],
    ['ENOENT', 'not-found'],
    ['EEXIST', 'already-exists'],
    ['ENOTEMPTY', 'already-exists'],
    ['EROFS', 'read-only'],
    ['EXDEV', 'cross-volume'],
    ['EMFILE', 'too-many-open-files'],
    ['ENFILE', 'too-many-open-files'],
    ['ELOOP', 'path-refused'],
    ['EIO', 'io-error'],
    ['EWHATEVER', 'io-error'],
  ])('%s is %s, with path, act and number', async (errno, code) => {
    const outcome = await attempt(linux, 'rename', '/a', refuse(errno));
    expect(outcome).toMatchObject({ ok: false, fault: { code, path: '/a', operation: 'rename', values: { errno } } });
    expect(outcome.ok ? undefined : outcome.fault.account).toBe(code === 'no-permission' ? 'om' : undefined);
  });

  test('Windows means "in use" by a refused rename, and "not allowed" by a refused open', async () => {
    expect(await attempt(windows, 'rename', 'C:\\a', refuse('EPERM'))).toMatchObject({ fault: { code: 'file-held' } });
    expect(await attempt(windows, 'open', 'C:\\a', refuse('EPERM'))).toMatchObject({
      fault: { code: 'no-permission', account: 'OM_service' },
    });
  });

  test('bugs are thrown on', async () => {
    const bug = (): Promise<never> => Promise.reject(new TypeError('a bug'));
    await expect(attempt(linux, 'rename', '/a', bug)).rejects.toThrow('a bug');
    await expect(retryWhileHeld(linux, createFakeClock(), 'rename', '/a', bug)).rejects.toThrow('a bug');
  });
});

describe('what is held on Windows', () => {
  test.each(['EPERM', 'EACCES', 'EBUSY'])('%s is tried again 10 × 1 s, then told', async (errno) => {
    const clock = createFakeClock();
    let tries = 0;
    const outcome = retryWhileHeld(windows, clock, 'rename', 'C:\\a', () => {
      tries += 1;
      return refuse(errno)();
    });
    await clock.advance(9_999);
    expect(tries).toBe(10);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ ok: false, fault: { code: 'file-held', path: 'C:\\a' } });
    expect(tries).toBe(11);
  });

  test('passes when it is let go', async () => {
    const clock = createFakeClock();
    let tries = 0;
    const outcome = retryWhileHeld(windows, clock, 'rename', 'C:\\a', () => {
      tries += 1;
      return tries < 4 ? refuse('EBUSY')() : Promise.resolve('done');
    });
    await clock.advance(3_000);
    expect(await outcome).toEqual({ ok: true, value: 'done' });
  });

  test.each([
    ['another errno', windows, 'ENOENT'],
    ['another system', linux, 'EBUSY'],
  ])('%s is told at once', async (_, actor, errno) => {
    const clock = createFakeClock();
    expect((await retryWhileHeld(actor, clock, 'rename', '/a', refuse(errno))).ok).toBe(false);
    expect(clock.sleeping()).toBe(0);
  });
});
