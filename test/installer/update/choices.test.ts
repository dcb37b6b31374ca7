import { expect, test } from 'vitest';
import type { Release } from '../../../installer/release.ts';
import { chooseRelease } from '../../../installer/update/choose-release.ts';
import { countSample } from '../../../installer/update/watch.ts';
import { compareVersions } from '../../../installer/version.ts';
import type { HealthSample } from '../../../supervisor/server-control.ts';

function release(version: string): Release {
  const file = { path: 'x', length: 1, sha256: `digest of ${version}` };
  return {
    product: 'business',
    platform: 'linux-x64',
    channel: 'stable',
    version,
    dataFormat: '1',
    notes: {},
    unpackedBytes: 1,
    files: 1,
    publishedAt: '2026-01-01T00:00:00Z',
    manifest: file,
    pack: file,
  };
}

const bad = (version: string) => ({ version, manifestSha256: `digest of ${version}`, at: 0, code: 'server-exited' });

test.each<[string, string[], string | undefined, string | undefined, string[], string]>([
  ['the newest that is newer', ['1.0', '1.10', '1.9'], undefined, '1.9', [], '1.10'],
  ['nothing newer', ['1.0', '1.9'], undefined, '1.9', [], 'nothing-to-do'],
  ['not one that proved bad', ['1.0', '1.1', '1.2'], undefined, '1.0', ['1.2'], '1.1'],
  ['only bad ones', ['1.0', '1.2'], undefined, '1.0', ['1.2'], 'release-marked-bad'],
  ['a bad one by name', ['1.0', '1.2'], '1.2', '1.0', ['1.2'], '1.2'],
  ['an older one by name', ['1.0', '1.2'], '1.0', '1.2', [], '1.0'],
  ['the same by name', ['1.0'], '1.0', '1.0', [], 'nothing-to-do'],
  ['an unknown one by name', ['1.0'], '3.0', '1.0', [], 'release-unknown'],
  ['unknown what is installed', ['1.0', '1.2'], undefined, undefined, [], '1.2'],
])('choose: %s', (_, offered, wanted, live, marked, expected) => {
  const chosen = chooseRelease(offered.map(release), wanted, live, { now: 0, bad: marked.map(bad) });
  expect(chosen.ok ? chosen.value.version : chosen.fault.code).toBe(expected);
});

test.each<[string, string[], string | undefined, string, string | undefined, string[], string]>([
  ['only the pinned one, though a newer is offered', ['1.0', '1.1', '1.2'], undefined, '1.1', '1.0', [], '1.1'],
  ['nothing when the pinned one is installed', ['1.0', '1.1', '1.2'], undefined, '1.1', '1.1', [], 'nothing-to-do'],
  ['nothing when it is installed and no longer offered', ['1.2'], undefined, '1.1', '1.1', [], 'nothing-to-do'],
  ['never an older one by itself', ['1.0', '1.1'], undefined, '1.0', '1.1', [], 'nothing-to-do'],
  ['say that the pinned one is not offered', ['1.0', '1.2'], undefined, '1.1', '1.0', [], 'release-unknown'],
  ['not the pinned one that proved bad', ['1.0', '1.1', '1.2'], undefined, '1.1', '1.0', ['1.1'], 'release-marked-bad'],
  ['another one by name', ['1.0', '1.1', '1.2'], '1.2', '1.1', '1.0', [], '1.2'],
  ['the pinned one where nothing is known', ['1.0', '1.1', '1.2'], undefined, '1.1', undefined, [], '1.1'],
])('choose with a pin: %s', (_, offered, wanted, pin, live, marked, expected) => {
  const chosen = chooseRelease(offered.map(release), wanted, live, { now: 0, bad: marked.map(bad), pin });
  expect(chosen.ok ? chosen.value.version : chosen.fault.code).toBe(expected);
});

test.each([
  ['1.9', '1.10', -1],
  ['2026.1.0', '2026.1', 0],
  ['1.0.0-rc.1', '1.0.0', -1],
  ['1.0.0-rc.2', '1.0.0-rc.10', -1],
  ['1.0.0-alpha', '1.0.0-beta', -1],
  ['1.0.0+build', '1.0.0', 0],
  ['10', '9', 1],
])('versions: %s and %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
  expect(Math.sign(compareVersions(b, a))).toBe(-sign + 0);
});

test('a pass counts only while it is the same process', () => {
  const sample = (pid: number | undefined, ready = true): HealthSample => ({
    ready,
    ...(pid === undefined ? {} : { process: { pid, startTime: '1', bootId: 'b' } }),
  });
  const samples = [sample(7), sample(7), sample(undefined, false), sample(8), sample(8, false), sample(8), sample(9)];
  const seen = samples.reduce<{ passes: number; crashes: number }[]>(
    (watches, next) => [...watches, countSample({ samples: 0, passes: 0, crashes: 0, ...watches.at(-1) }, next)],
    [],
  );
  expect(seen.map(({ passes }) => passes)).toEqual([1, 2, 0, 1, 0, 1, 1]);
  expect(seen.map(({ crashes }) => crashes)).toEqual([0, 0, 1, 1, 1, 1, 2]);
});
