import type { SchedulePolicy } from '../../installer/schedule/schedule.ts';
import type { Platform } from '../../platform/platform.ts';
import type { SessionOptions } from '../../supervisor/sessions/session-options.ts';
import type { ApplicationParts } from '../application/application-parts.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { faultOfMistakes, type LoadedConfiguration } from '../configuration/load.ts';
import type { MessengerOptions } from '../mail/messenger.ts';
import type { PortOptions } from '../port/port.ts';
import { shortfallText } from '../texts/describe.ts';
import { LAUNCHER_VERSION } from '../version.ts';
import type { Late } from './life.ts';

/** What the configuration means for each room; pure. */

/** One command that shows a notice or closes sessions. */
const COMMAND_LIMIT_MS = 30_000;
/** How long sessions may take to end once they are closed. */
const CLOSE_LIMIT_MS = 15_000;

/** Until the port listens, a server that starts is told where it will. */
export function fallbackUrl({ port }: Configuration): string {
  return `${port.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port.port}`;
}

export function peopleOf({ machine }: Platform, { name, mail, language }: Configuration): MessengerOptions {
  return { name, host: machine.hostName, to: mail?.to ?? [], language };
}

type IdentityParts = Pick<
  ApplicationParts,
  'machine' | 'name' | 'launcherVersion' | 'defaults' | 'warnings' | 'stopOptions'
> &
  Partial<Pick<ApplicationParts, 'serverPort' | 'refusal'>>;

/** Who this launcher is and what it may do, by its configuration. */
export function applicationIdentity(
  { machine }: Platform,
  { configuration, updatesBlocked }: LoadedConfiguration,
  late: Pick<Late, 'stopShortfall'>,
): IdentityParts {
  return {
    machine,
    name: configuration.name,
    launcherVersion: LAUNCHER_VERSION,
    stopOptions: configuration.server.stop,
    defaults: { delaySeconds: configuration.updates.delaySeconds, language: configuration.language },
    warnings: (language) => [
      ...updatesBlocked.map(({ path, expected }) => `${path}: ${expected}`),
      ...(late.stopShortfall === undefined ? [] : [shortfallText(late.stopShortfall, language)]),
    ],
    ...(configuration.server.port === undefined ? {} : { serverPort: configuration.server.port }),
    ...(updatesBlocked.length === 0 ? {} : { refusal: faultOfMistakes(updatesBlocked) }),
  };
}

export function schedulePolicyOf({ updates, language }: Configuration): SchedulePolicy {
  const { mode, windows, downloadWindows, checkEveryMs, delaySeconds } = updates;
  const downloads = downloadWindows.windows.length === 0 ? {} : { downloads: downloadWindows };
  return { mode, rule: windows, ...downloads, checkEveryMs, order: { delaySeconds, language } };
}

export function portOptionsOf({ stateFolder, port, language }: Configuration): PortOptions {
  return {
    stateFolder,
    listen: { host: port.host, port: port.port },
    names: port.names,
    open: ['notices', 'monitor'],
    language,
    version: LAUNCHER_VERSION,
    ...(port.tls === undefined ? {} : { tls: port.tls }),
  };
}

export function sessionOptionsOf({ server, language }: Configuration): SessionOptions {
  const { port, warnCommand, closeCommand } = server.sessions;
  const counted = port ?? server.port;
  return {
    language,
    commandLimitMs: COMMAND_LIMIT_MS,
    closeLimitMs: CLOSE_LIMIT_MS,
    ...(counted === undefined ? {} : { port: counted }),
    ...(warnCommand === undefined ? {} : { warnCommand }),
    ...(closeCommand === undefined ? {} : { closeCommand }),
  };
}
