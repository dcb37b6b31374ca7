import { OWNER_MARK, type ServiceEntry, STOP_MARGIN_SECONDS } from './service.ts';

/** Between two starts of a launcher that ended, seconds. */
const RESTART_SECONDS = 5;
/** The launcher asks to be started again, after an update of its own. */
const AGAIN_STATUS = 75;
/** A launcher whose loop stands still for this long is ended, seconds; it pings twice in that time. */
const WATCHDOG_SECONDS = 60;
/** One that is too hung to obey is killed after this, seconds. Its server is not touched. */
const ABORT_SECONDS = 10;

/** The unit of systemd.service(5) for one launcher. */
export function systemdUnit(entry: ServiceEntry): string {
  return `# ${OWNER_MARK}: "om-launcher service install" replaces this file.

[Unit]
Description=${specifiersEscaped(entry.description)}
Wants=network-online.target
After=network-online.target
# A server has to come up, however often it did not.
StartLimitIntervalSec=0

[Service]
Type=notify
# The launcher tells through systemd-notify, which is a process of its own.
NotifyAccess=all
ExecStart=${commandLine(entry.command)}
WorkingDirectory=${specifiersEscaped(entry.workingDirectory)}
${entry.account === undefined ? '' : `User=${specifiersEscaped(entry.account)}\n`}\
# The server outlives the launcher: only the launcher gets the signal, and it stops the server itself.
KillMode=process
KillSignal=SIGTERM
TimeoutStopSec=${entry.stopSeconds + STOP_MARGIN_SECONDS}
# A hung launcher is replaced and its server is not: no core dump, no stop, the next launcher takes the server over.
WatchdogSec=${WATCHDOG_SECONDS}
WatchdogSignal=SIGTERM
TimeoutAbortSec=${ABORT_SECONDS}
Restart=always
RestartSec=${RESTART_SECONDS}
RestartForceExitStatus=${AGAIN_STATUS}
# A child that the kernel kills for its memory must not end the others.
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`;
}

/** As "Command lines" in systemd.service(5) says: variables are replaced in the arguments, not in the program's path. */
function commandLine([program = '', ...args]: readonly string[]): string {
  return [quoted(program), ...args.map((argument) => quoted(argument.replaceAll('$', '$$$$')))].join(' ');
}

/** As "Quoting" in systemd.syntax(7) says. */
function quoted(word: string): string {
  const escaped = specifiersEscaped(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return /^[A-Za-z0-9_./:=@%$+,-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function specifiersEscaped(text: string): string {
  return text.replaceAll('%', '%%');
}

/** What `systemctl show` prints: `Name=value` lines. */
export function unitProperties(output: string): ReadonlyMap<string, string> {
  const lines = output.split('\n').filter((line) => line.includes('='));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()]));
}
