import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Log } from '../../platform/log.ts';
import { isSameProcess, type ProcessIdentity, type Processes } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ChildLink, NewChildOrder } from '../child/child-link.ts';
import { replacePlaceholders } from '../placeholders.ts';
import { countPeers } from './peer-count.ts';
import type { SessionOptions } from './session-options.ts';
import { countOf, REPORT_FRESH_MS, type Notice, type Presence, type Sessions } from './sessions.ts';

export interface SessionDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly link: ChildLink;
  readonly log: Log;
  /** Undefined when no server process lives: then nobody can be present. */
  readonly server: () => ProcessIdentity | undefined;
  /** Shows the server as draining while logins are refused. */
  readonly drain: (draining: boolean) => void;
}

/** A server that cooperates fetches its orders at once, milliseconds. */
const ORDER_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 250;
const NAMED_AT_MOST = 10;

/** The users of the server: through the child protocol where it cooperates, else by its port and configured commands. */
export function createSessions(dependencies: SessionDependencies, options: SessionOptions): Sessions {
  return {
    presence: () => presence(dependencies, options),
    warn: (notice) => warn(dependencies, options, notice),
    refuseLogins: (refused) => refuseLogins(dependencies, options, refused),
    closeAll: () => closeAll(dependencies, options),
    backupRunning: () => dependencies.server() !== undefined && dependencies.link.report()?.backupRunning === true,
  };
}

async function presence(dependencies: SessionDependencies, options: SessionOptions): Promise<Presence> {
  const { link, clock, processes, server } = dependencies;
  if (server() === undefined) return { kind: 'counted', count: 0 };
  const report = link.report();
  if (report?.sessions && report.sessionsAt !== undefined) {
    const ageMs = clock.monotonic() - report.sessionsAt;
    if (ageMs <= REPORT_FRESH_MS) return { kind: 'reported', sessions: report.sessions };
    // Its port may show fewer users than it has (one connection can carry many): no second source is asked.
    return { kind: 'unknown', why: `the server last reported its sessions ${Math.round(ageMs / 1_000)} s ago` };
  }
  if (options.port === undefined) return { kind: 'unknown', why: 'the server does not report its sessions' };
  const holders = await processes.portHolders(options.port);
  if (holders.length === 0)
    return { kind: 'unknown', why: `nothing listens on port ${options.port}, so users are elsewhere` };
  const count = await countPeers(clock, processes, options.port);
  return count === undefined
    ? { kind: 'unknown', why: `the connections to port ${options.port} cannot be seen` }
    : { kind: 'counted', count };
}

async function warn(dependencies: SessionDependencies, options: SessionOptions, notice: Notice): Promise<Result<void>> {
  const { text, secondsLeft } = notice;
  const delivered = await order(dependencies, {
    kind: 'notice',
    text,
    ...(secondsLeft !== undefined && { secondsLeft }),
  });
  if (delivered) return succeed();
  if (!options.warnCommand) {
    return fail(faultOf('sessions-unknown', 'the server does not take notices and no command for them is configured'));
  }
  return run(dependencies, options, options.warnCommand, {
    text: text[options.language],
    seconds: secondsLeft === undefined ? '' : String(secondsLeft),
    language: options.language,
  });
}

/** A server that knows no such thing has nothing to refuse: that is no failure, its users are counted all the same. */
async function refuseLogins(
  dependencies: SessionDependencies,
  options: SessionOptions,
  refused: boolean,
): Promise<Result<void>> {
  dependencies.drain(refused);
  if (await order(dependencies, { kind: 'refuse-logins', refused })) return succeed();
  if (options.refuseLoginsCommand) {
    return run(dependencies, options, options.refuseLoginsCommand, { refused: String(refused) });
  }
  dependencies.log.info('the server offers no way to refuse logins');
  return succeed();
}

async function closeAll(dependencies: SessionDependencies, options: SessionOptions): Promise<Result<void>> {
  const { clock, log, server } = dependencies;
  const asked = server();
  if (countOf(await presence(dependencies, options)) === 0) return succeed();
  const ordered = await order(dependencies, { kind: 'close-sessions' });
  if (!ordered && options.closeCommand) {
    const values = { text: '', seconds: '0', language: options.language };
    const closed = await run(dependencies, options, options.closeCommand, values);
    if (!closed.ok) log.warn('the command that closes sessions failed', { fault: closed.fault });
  }
  const deadline = clock.monotonic() + options.closeLimitMs;
  for (;;) {
    // It ended, and its users with it: those of the next one were never told to leave.
    if (!isSameProcess(server(), asked)) return succeed();
    const left = await presence(dependencies, options);
    if (countOf(left) === 0) return succeed();
    if (clock.monotonic() >= deadline) return fail(remainFault(left));
    await clock.sleep(Math.min(LOOK_EVERY_MS, Math.max(0, deadline - clock.monotonic())));
  }
}

function remainFault(left: Presence) {
  if (left.kind === 'unknown') return faultOf('sessions-unknown', left.why);
  if (left.kind === 'counted') {
    return faultOf('sessions-remain', `${left.count} connections are still open`, { values: { count: left.count } });
  }
  const names = left.sessions
    .slice(0, NAMED_AT_MOST)
    .map(({ user, workstation }) => (workstation === undefined ? user : `${user} (${workstation})`))
    .join(', ');
  const count = left.sessions.length;
  return faultOf('sessions-remain', `${count} sessions are still open: ${names}`, { values: { count, users: names } });
}

function order({ link }: SessionDependencies, wanted: NewChildOrder): Promise<boolean> {
  return link.cooperates() ? link.give(wanted, ORDER_LIMIT_MS) : Promise.resolve(false);
}

async function run(
  { processes }: SessionDependencies,
  options: SessionOptions,
  words: readonly string[],
  values: Readonly<Record<string, string>>,
): Promise<Result<void>> {
  const [command = '', ...args] = words.map((word) => replacePlaceholders(word, values));
  const ran = await processes.run({ command, args, timeoutMs: options.commandLimitMs });
  if (!ran.ok) return ran;
  const { exit, errorOutput } = ran.value;
  if (exit.kind === 'exited' && exit.code === 0) return succeed();
  return fail(
    faultOf('command-failed', `the command ${command} ended badly`, {
      values: { command, exit: exit.kind === 'exited' ? exit.code : exit.kind, output: errorOutput.slice(0, 500) },
    }),
  );
}
