import { expect, test } from 'vitest';
import type { Release } from '../../../installer/release.ts';
import type { Eligibility } from '../../../installer/schedule/eligibility.ts';
import type { InstalledRecord } from '../../../installer/update/installed.ts';
import type { ApplicationParts } from '../../../launcher/application/application-parts.ts';
import { checkNow } from '../../../launcher/application/check-now.ts';
import { obstacleText } from '../../../launcher/texts/describe.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const RULE = { windows: [{ from: '22:00', to: '23:00' }], zone: 'Etc/UTC' };

function release(version: string, more: Partial<Release> = {}): Release {
  const file = { path: 'x', length: 1, sha256: `digest of ${version}` };
  const address = { product: 'business', platform: 'linux-x64', channel: 'stable', version };
  const facts = { dataFormat: '1', notes: {}, unpackedBytes: 1, files: 1, publishedAt: '2026-01-05T00:00:00Z' };
  return { ...address, ...facts, manifest: file, pack: file, ...more };
}

/** A launcher with 1.0 installed, of which only what `check` looks at is there. */
function partsWith(mode: 'manual' | 'stage' | 'auto', eligibility: Partial<Eligibility> = {}): ApplicationParts {
  const live = { version: '1.0', identity: '7', installedAt: 0 };
  const installed: InstalledRecord = { schema: 1, live, kept: [], bad: [] };
  const tools = {
    places: { bundle: '/bundle' },
    files: { facts: () => Promise.resolve(succeed({ inode: '7' })) },
    installed: { read: () => Promise.resolve(succeed(installed)) },
    eligibility: () => Promise.resolve({ now: NOW, machineId: '0'.repeat(32), marks: [], ...eligibility }),
  };
  return {
    tools,
    inboxOffers: () => [],
    defaults: { delaySeconds: 90, language: 'en' },
    unattended: { mode, rule: RULE },
    words: { obstacle: obstacleText },
  } as unknown as ApplicationParts;
}

test.each<[string, ApplicationParts, Release[], object]>([
  [
    'manual: available, nothing more to say',
    partsWith('manual'),
    [release('1.1')],
    { upToDate: false, available: { version: '1.1' } },
  ],
  [
    'auto: the window',
    partsWith('auto'),
    [release('1.1')],
    {
      available: { version: '1.1' },
      notYet: [{ version: '1.1', reason: 'window', until: '2026-01-05T22:00:00.000Z' }],
    },
  ],
  [
    'stage: a word',
    partsWith('stage'),
    [release('1.1')],
    { notYet: [{ reason: 'word', text: 'prepared ahead; waits for `om-launcher update`' }] },
  ],
  [
    'delayDays',
    partsWith('auto', { delayDays: 2 }),
    [release('1.1')],
    { upToDate: false, notYet: [{ reason: 'delay', until: '2026-01-07T00:00:00.000Z' }] },
  ],
  [
    'a pin, and nothing else is newer',
    partsWith('manual', { pin: '1.0' }),
    [release('1.0'), release('1.1')],
    { upToDate: true, notYet: [{ reason: 'pin' }] },
  ],
  [
    'a roll-out that has not begun',
    partsWith('manual'),
    [release('1.1', { rollout: { percentage: 5, startsAt: '2026-02-01T00:00:00Z' } })],
    { upToDate: false, notYet: [{ reason: 'rollout-start' }] },
  ],
  [
    'the older one is taken, the newest is withdrawn',
    partsWith('manual'),
    [release('1.2', { withdrawn: { at: 'then', reason: 'loses mails' } }), release('1.1')],
    { available: { version: '1.1' }, notYet: [{ version: '1.2', text: 'withdrawn by the vendor: loses mails' }] },
  ],
  [
    'what runs is withdrawn',
    partsWith('manual'),
    [release('1.0', { withdrawn: { at: 'then' } })],
    { upToDate: true, withdrawn: '1.0: withdrawn by the vendor' },
  ],
])('check says why: %s', async (_, parts, offered, expected) => {
  const answer = await checkNow(parts, succeed(offered), 'en');
  expect(answer.ok && answer.value).toMatchObject(expected);
});

test('a mark rests what nobody ordered, and is told; whoever orders is offered it all the same', async () => {
  const marks = [{ manifestSha256: 'digest of 1.1', code: 'digest-mismatch', until: NOW + 1_000 }];
  const answer = await checkNow(partsWith('auto', { marks }), succeed([release('1.1')]), 'en');
  expect(answer).toMatchObject({ value: { available: { version: '1.1' } } });
  expect(answer.ok && answer.value.notYet?.map(({ reason }) => reason)).toContain('mark');
});

test('a repository that cannot be asked is told as such', async () => {
  const away = fail(faultOf('connection-refused', 'nobody listens'));
  expect(await checkNow(partsWith('auto'), away, 'en')).toEqual(away);
});
