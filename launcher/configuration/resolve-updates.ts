import type { WindowRule } from '../../installer/schedule/windows.ts';
import type { ProxyChoice, UpdatesConfiguration } from './configuration.ts';
import { DEFAULTS } from './defaults.ts';
import { type Places, resolveLogin } from './resolve-parts.ts';
import type { ConfigurationFile } from './schema.ts';

type Updates = NonNullable<ConfigurationFile['updates']>;

/** `updates`, with defaults and absolute paths. */
export function resolveUpdates(updates: Updates, places: Places): UpdatesConfiguration {
  const { repository, root, pin, ca, inbox } = updates;
  const { limitKiBps } = updates.downloads ?? {};
  return {
    ...(repository === undefined ? {} : { repository: repositoryPlace(repository, places) }),
    mirrors: (updates.mirrors ?? []).map((mirror) => repositoryPlace(mirror, places)),
    ...(limitKiBps === undefined ? {} : { bytesPerSecond: limitKiBps * 1024 }),
    ...(root === undefined ? {} : { root: places.absolute(root) }),
    channel: updates.channel ?? DEFAULTS.updates.channel,
    ...(pin === undefined ? {} : { pin }),
    mode: updates.mode ?? DEFAULTS.updates.mode,
    windows: windowRule(updates.schedule?.windows, updates.schedule?.zone),
    downloadWindows: windowRule(updates.downloads?.windows, updates.schedule?.zone),
    checkEveryMs: (updates.schedule?.checkSeconds ?? DEFAULTS.updates.checkSeconds) * 1000,
    delayDays: updates.delayDays ?? DEFAULTS.updates.delayDays,
    delaySeconds: updates.delaySeconds ?? DEFAULTS.updates.delaySeconds,
    keepOld: keepOld(updates.keepOldDays ?? DEFAULTS.updates.keepOldDays),
    proxy: proxyChoice(updates.proxy ?? DEFAULTS.updates.proxy, places),
    staging: updates.staging ?? DEFAULTS.updates.staging,
    ...(ca === undefined ? {} : { ca: places.absolute(ca) }),
    ...(inbox === undefined ? {} : { inbox: places.absolute(inbox) }),
  };
}

type Windows = NonNullable<Updates['schedule']>['windows'];

function windowRule(windows: Windows, zone: string | undefined): WindowRule {
  return {
    windows: (windows ?? []).map(({ days, from, to }) => ({ from, to, ...(days === undefined ? {} : { days }) })),
    ...(zone === undefined ? {} : { zone }),
  };
}

function repositoryPlace(repository: string, places: Places): NonNullable<UpdatesConfiguration['repository']> {
  return /^https?:\/\//i.test(repository)
    ? { kind: 'web', url: repository }
    : { kind: 'folder', path: places.absolute(repository) };
}

function keepOld(given: number | 'until-next-update'): UpdatesConfiguration['keepOld'] {
  return typeof given === 'number' ? { kind: 'days', days: given } : { kind: 'until-next-update' };
}

function proxyChoice(given: NonNullable<Updates['proxy']>, places: Places): ProxyChoice {
  if (typeof given === 'string') return { kind: given };
  const login = resolveLogin(given, places);
  return { kind: 'explicit', url: given.url, ...(login === undefined ? {} : { login }) };
}
