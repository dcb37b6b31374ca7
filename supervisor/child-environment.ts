import type { Machine } from '../platform/machine.ts';
import { replacePlaceholders } from './placeholders.ts';

/** What a server may need of the machine's environment; compared without case, as Windows does. Everything else stays out. */
const INHERITED = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'COMMONPROGRAMFILES',
  'ALLUSERSPROFILE',
  'PUBLIC',
  'USERPROFILE',
  'USERNAME',
  'USERDOMAIN',
  'APPDATA',
  'LOCALAPPDATA',
  'COMPUTERNAME',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
  'XDG_RUNTIME_DIR',
  '__CF_USER_TEXT_ENCODING',
]);

/** Of the launcher alone: a server that talked to systemd in our name would end our own watchdog, secrets are ours. */
const REFUSED = /^(NOTIFY_SOCKET|WATCHDOG_.*|LISTEN_(FDS|PID|FDNAMES)|OM_.*)$/i;

export interface LaunchValues {
  readonly bundle: string;
  readonly launcherUrl: string;
  readonly tokenFile: string;
  readonly nonce: string;
}

/** The whole environment of the server: a minimal inheritance, the configured additions, and what the child protocol needs. */
export function childEnvironment(
  machine: Machine['environment'],
  additions: Readonly<Record<string, string>>,
  values: LaunchValues,
): Readonly<Record<string, string>> {
  const added = Object.entries(additions)
    .filter(([name]) => !isReserved(name))
    .map(([name, text]) => [name, withLaunchValues(text, values)] as const);
  return {
    ...inheritedEnvironment(machine),
    ...Object.fromEntries(added),
    OM_LAUNCH_NONCE: values.nonce,
    OM_LAUNCHER_URL: values.launcherUrl,
    OM_LAUNCHER_TOKEN_FILE: values.tokenFile,
  };
}

/** What any program of the bundle gets of the launcher's own environment: enough to run, nothing that is secret. */
export function inheritedEnvironment(machine: Machine['environment']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(machine).flatMap(([name, value]) =>
      value !== undefined && isInherited(name) ? [[name, value] as const] : [],
    ),
  );
}

/** Fills `{bundle}`, `{launcherUrl}` and `{tokenFile}` in. */
export function withLaunchValues(text: string, values: LaunchValues): string {
  const { bundle, launcherUrl, tokenFile } = values;
  return replacePlaceholders(text, { bundle, launcherUrl, tokenFile });
}

function isInherited(name: string): boolean {
  const upper = name.toUpperCase();
  return (INHERITED.has(upper) || upper.startsWith('LC_')) && !REFUSED.test(name);
}

/** Configured OM_ variables are the server's own business, except those that this protocol sets. */
function isReserved(name: string): boolean {
  return /^(OM_LAUNCH_NONCE|OM_LAUNCHER_URL|OM_LAUNCHER_TOKEN_FILE|NOTIFY_SOCKET|WATCHDOG_.*)$/i.test(name);
}
