import { OWNER_MARK, type ServiceEntry, STOP_MARGIN_SECONDS } from './service.ts';

/** Windows starts the launcher again after so many milliseconds: first, second, later failures. */
const RESTART_DELAYS_MS = [5_000, 30_000, 120_000];
/** Failures are forgotten after a day, seconds. */
const FORGET_FAILURES_SECONDS = 86_400;

/** One call of `sc.exe`: it wants each option's `name=` and its value as two words. */
export type ScCall = readonly string[];

/**
 * The command line of a service. Windows speaks to a service only by its own protocol: `host` is the small program that
 * does, and starts the launcher.
 */
export function serviceCommandLine(host: string, entry: ServiceEntry): string {
  return [host, ...entry.command].map(windowsQuoted).join(' ');
}

/** The calls that make a new service, in order. Delayed: the data's volumes are there by then. */
export function createCalls(entry: ServiceEntry, commandLine: string): readonly ScCall[] {
  const account = entry.account === undefined ? [] : ['obj=', entry.account];
  const create = ['create', entry.name, 'binPath=', commandLine, 'start=', 'delayed-auto', ...account];
  return [[...create, 'DisplayName=', entry.description], ...behaviourCalls(entry)];
}

/** What an entry of ours says besides its command line. */
export function behaviourCalls(entry: ServiceEntry): readonly ScCall[] {
  const actions = RESTART_DELAYS_MS.map((delay) => `restart/${delay}`).join('/');
  const preshutdown = (entry.stopSeconds + STOP_MARGIN_SECONDS) * 1000;
  return [
    ['description', entry.name, `${OWNER_MARK}: ${entry.description}`],
    ['failure', entry.name, 'reset=', String(FORGET_FAILURES_SECONDS), 'actions=', actions],
    // Also when the launcher ends by itself with a status, e.g. after an update of its own.
    ['failureflag', entry.name, '1'],
    // Windows gives a service 10 s at the machine's shutdown unless it says otherwise.
    ['preshutdown', entry.name, String(preshutdown)],
  ];
}

/** The only change to a service that somebody else made: its account's password cannot be read by anyone. */
export function takeOverCall(name: string, commandLine: string): ScCall {
  return ['config', name, 'binPath=', commandLine];
}

/** The command line in the answer to `sc qc NAME`; its words are not translated on any Windows. */
export function binaryPathOf(output: string): string | undefined {
  return /^\s*BINARY_PATH_NAME\s*:\s*(\S.*?)\s*$/m.exec(output)?.[1];
}

/** The time in the answer to `sc qpreshutdown NAME`: what a service has at the machine's shutdown. */
export function preshutdownMs(output: string): number | undefined {
  const milliseconds = /^\s*PRESHUTDOWN\D*:\s*(\d+)\s*$/im.exec(output)?.[1];
  return milliseconds === undefined ? undefined : Number(milliseconds);
}

export function startsAtBoot(output: string): boolean {
  return /^\s*START_TYPE\s*:\s*2\s/m.test(output);
}

/** State 4 in the answer to `sc query NAME`. */
export function isRunning(output: string): boolean {
  return /^\s*STATE\s*:\s*4\s/m.test(output);
}

/** One argument by the rules of CommandLineToArgvW: backslashes count only before a quote. */
export function windowsQuoted(argument: string): string {
  if (/^[^\s"]+$/.test(argument)) return argument;
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}
