import { expect, test } from 'vitest';
import { exitTimeOutMs, launchdPlist } from '../../../launcher/service/launchd-plist.ts';
import type { ServiceEntry, ServiceStatus } from '../../../launcher/service/service.ts';
import { stopShortfall, timeSpanMs } from '../../../launcher/service/stop-limit.ts';
import { preshutdownMs } from '../../../launcher/service/windows-service.ts';
import { shortfallText } from '../../../launcher/texts/describe.ts';
import type { StopOptions } from '../../../supervisor/server-options.ts';

const STOP: StopOptions = {
  orderMs: 60_000,
  request: { kind: 'signal', signal: 'terminate' },
  requestMs: 30_000,
  kill: 'last-resort',
  proveMs: 20_000,
};
const INSTALLED: ServiceStatus = { kind: 'installed', startsAtBoot: true, running: true, detail: 'active' };
const ENTRY: ServiceEntry = {
  name: 'om',
  description: 'OM',
  command: ['/opt/om-launcher', 'run'],
  workingDirectory: '/opt',
  stopSeconds: 145,
};

test.each([
  ['3min 45s', 225_000],
  ['1h', 3_600_000],
  ['1min 30s 500ms', 90_500],
  ['infinity', undefined],
  ['', undefined],
  ['90', undefined],
])('systemd says %s: %s ms', (text, expected) => {
  expect(timeSpanMs(text)).toBe(expected);
});

test('the limit of a property list and of a Windows service is read back', () => {
  expect(exitTimeOutMs(launchdPlist(ENTRY, 'om-launcher.om'))).toBe(175_000);
  expect(exitTimeOutMs('<plist/>')).toBeUndefined();
  const answer = '[SC] QueryServiceConfig2 SUCCESS\r\n\r\nSERVICE_NAME: om\r\n        PRESHUTDOWN_TIMEOUT : 180000\r\n';
  expect(preshutdownMs(answer.replaceAll('\r', ''))).toBe(180_000);
  expect(preshutdownMs('[SC] OpenService FAILED 1060:')).toBeUndefined();
});

test('a service that gives enough time, or none that is known, is no shortfall', () => {
  expect(stopShortfall(STOP, { ...INSTALLED, stopLimitMs: 175_000 })).toBeUndefined();
  expect(stopShortfall(STOP, INSTALLED)).toBeUndefined();
  expect(stopShortfall(STOP, { kind: 'absent' })).toBeUndefined();
});

test('one that gives too little is told with what it would cut off', () => {
  const shortfall = stopShortfall(STOP, { ...INSTALLED, stopLimitMs: 90_000 });
  expect(shortfall).toEqual({ limitMs: 90_000, neededMs: 145_000, rungs: ['request', 'kill', 'prove'] });
  if (shortfall === undefined) throw new Error('no shortfall');
  expect(shortfallText(shortfall, 'en')).toContain(
    '1 minute 30 seconds after it was asked to end, but a stop may take 2 minutes 25 seconds',
  );
  expect(shortfallText(shortfall, 'de')).toContain('gewaltsam beenden');
});
