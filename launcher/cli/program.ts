import { LANGUAGES } from '../../supervisor/sessions/sessions.ts';
import { TOKEN_SCOPES } from '../port/tokens.ts';
import { type OptionDefinition, optional, type VerbDefinition } from './definition.ts';
import { address, count, duration, instant, oneOf, text, version } from './values.ts';

export const PROGRAM_NAME = 'om-launcher';
export const PROGRAM_SUMMARY = 'Supervises Office Maker Server and updates it safely';
/** What runs when no verb is given. */
export const DEFAULT_VERB = 'run';

export const LANGUAGE = oneOf('LANGUAGE', LANGUAGES);
const FILE = text('FILE');
const NAME = text('NAME');
const SCOPE = oneOf('SCOPE', TOKEN_SCOPES);

export const GLOBAL_OPTIONS: readonly OptionDefinition[] = [
  {
    name: 'config',
    value: FILE,
    description: 'the configuration; else om-launcher.json beside the executable, then in the state folder',
  },
  { name: 'lang', value: LANGUAGE, description: `language of the answers: ${LANGUAGES.join(', ')}` },
  { name: 'json', description: 'one JSON object; while following, one a line, the last is the result' },
  { name: 'quiet', description: 'the last line and errors only' },
  { name: 'no-color', description: 'no colours, as with the variable NO_COLOR' },
];

const TO = { name: 'to', value: version, description: 'this version instead of the one that would be chosen' };
const DELAY = { name: 'delay', value: duration, description: 'time for the users to leave, e.g. 90s' };
const NOTIFY = { name: 'notify', value: address, description: 'who gets an e-mail at the end' };
const NO_WAIT = { name: 'no-wait', description: 'give the order and do not follow it' };

const HISTORY_LENGTH = 20;
const LOG_LINES = 50;

/** Every verb, in the order of the reference. */
export const VERBS: readonly VerbDefinition[] = [
  {
    verb: 'run',
    summary: 'recover, start the server, supervise it; what the OS service starts (default)',
    details:
      'Ctrl-C or a termination stops the server cleanly, then ends. A crash of the launcher leaves the server running; the next launcher takes it over.',
    request: () => ({ verb: 'run' }),
  },
  {
    verb: 'status',
    summary: 'state of server, update and launcher; what comes next; what a rollback would do now',
    options: [{ name: 'watch', description: 'go on showing until Ctrl-C, steps of a running order included' }],
    details: 'Also as the flag `--status`. Exit status 0 while the server runs, 3 when it or the launcher does not.',
    examples: ['om-launcher status', 'om-launcher --status --json'],
    request: (given) => ({ verb: 'status', watch: given.flag('watch') }),
  },
  {
    verb: 'check',
    summary: 'ask the repository and the inbox for an update: version, size to transfer, notes',
    details: 'Exit status 0 when there is an update, 6 when the installed version is the newest.',
    request: () => ({ verb: 'check' }),
  },
  {
    verb: 'update',
    summary: 'order an update and follow it to its end',
    options: [
      TO,
      DELAY,
      { name: 'at', value: instant, description: 'not before this time: 22:00 (the next one) or 2030-12-24T22:00' },
      NOTIFY,
      { name: 'from', value: FILE, description: 'take the release from this .omu file' },
      { name: 'accept-aged', description: 'take a release file although its signatures have expired by age' },
      { name: 'dry-run', description: 'try every condition and change nothing' },
      NO_WAIT,
    ],
    details:
      'Ctrl-C ends the following, never the update: exit status 75, and `om-launcher status --watch` shows it again.',
    examples: ['om-launcher update --delay 2m --notify admin@example.ch', 'om-launcher update --at 22:00 --no-wait'],
    request: (given) => ({
      verb: 'update',
      ...optional('version', given.value(version, 'to')),
      ...optional('delaySeconds', given.value(duration, 'delay')),
      ...optional('notBefore', given.value(instant, 'at')),
      ...optional('notifyEmail', given.value(address, 'notify')),
      ...optional('fromFile', given.value(FILE, 'from')),
      acceptAged: given.flag('accept-aged'),
      dryRun: given.flag('dry-run'),
      wait: !given.flag('no-wait'),
    }),
  },
  {
    verb: 'cancel',
    summary: 'cancel the running order, until its point of no return',
    request: () => ({ verb: 'cancel' }),
  },
  {
    verb: 'postpone',
    summary: 'give the users more time before they are disconnected',
    argument: { value: duration, optional: true, description: 'how much more, 10m when absent' },
    examples: ['om-launcher postpone 5m'],
    request: (given) => ({ verb: 'postpone', ...optional('seconds', given.value(duration, duration.name)) }),
  },
  {
    verb: 'rollback',
    summary: 'go back to the kept release and follow it to its end',
    options: [TO, { name: 'data', description: 'also restore the data of before the update' }, DELAY, NOTIFY, NO_WAIT],
    details:
      'Also as the flag `--rollback`. Works without a running launcher: it is done in this process, and the server is left running.',
    request: (given) => ({
      verb: 'rollback',
      ...optional('version', given.value(version, 'to')),
      data: given.flag('data'),
      ...optional('delaySeconds', given.value(duration, 'delay')),
      ...optional('notifyEmail', given.value(address, 'notify')),
      wait: !given.flag('no-wait'),
    }),
  },
  {
    verb: 'releases',
    summary: 'the installed release, the kept ones, and those on offer',
    request: () => ({ verb: 'releases' }),
  },
  { verb: 'start', summary: 'start the server', request: () => ({ verb: 'start' }) },
  { verb: 'stop', summary: 'stop the server, not the launcher', request: () => ({ verb: 'stop' }) },
  { verb: 'restart', summary: 'stop and start the server', request: () => ({ verb: 'restart' }) },
  {
    verb: 'history',
    summary: 'who ordered what, and how it ended, newest first',
    options: [{ name: 'count', short: 'n', value: count, description: `how many, ${HISTORY_LENGTH} when absent` }],
    request: (given) => ({ verb: 'history', count: given.value(count, 'count') ?? HISTORY_LENGTH }),
  },
  {
    verb: 'logs',
    summary: 'the last lines of the launcher’s log and of the server’s output',
    options: [
      { name: 'follow', short: 'f', description: 'go on with what is added, until Ctrl-C' },
      { name: 'count', short: 'n', value: count, description: `lines of each, ${LOG_LINES} when absent` },
    ],
    request: (given) => ({
      verb: 'logs',
      follow: given.flag('follow'),
      count: given.value(count, 'count') ?? LOG_LINES,
    }),
  },
  {
    verb: 'notes',
    summary: 'the notes of a release',
    argument: { value: version, optional: true, description: 'the newest on offer when absent' },
    request: (given) => ({ verb: 'notes', ...optional('version', given.value(version, version.name)) }),
  },
  {
    verb: 'config check',
    summary: 'every mistake in the configuration, with place, expectation and suggestion',
    request: () => ({ verb: 'config check' }),
  },
  {
    verb: 'config show',
    summary: 'the configuration as it is used, defaults included; secrets are never in it',
    request: () => ({ verb: 'config show' }),
  },
  {
    verb: 'config schema',
    summary: 'the JSON Schema of the configuration, for editors',
    request: () => ({ verb: 'config schema' }),
  },
  {
    verb: 'service install',
    summary: 'make the operating system start the launcher',
    options: [
      { name: 'take-over', value: NAME, description: 'change this existing service so that it starts the launcher' },
    ],
    request: (given) => ({ verb: 'service install', ...optional('takeOver', given.value(NAME, 'take-over')) }),
  },
  {
    verb: 'service uninstall',
    summary: 'take the service out; one that was taken over becomes what it was',
    argument: { value: NAME, optional: true, description: 'a service that was taken over; else our own' },
    request: (given) => ({ verb: 'service uninstall', ...optional('name', given.value(NAME, NAME.name)) }),
  },
  {
    verb: 'service status',
    summary: 'is the service installed, does it start at boot, does it run',
    argument: { value: NAME, optional: true, description: 'a service that was taken over; else our own' },
    request: (given) => ({ verb: 'service status', ...optional('name', given.value(NAME, NAME.name)) }),
  },
  {
    verb: 'token create',
    summary: 'make a token for the launcher port; it is shown once',
    argument: { value: NAME, description: 'whom it is for' },
    options: [
      { name: 'scope', value: SCOPE, description: `what it allows: ${TOKEN_SCOPES.join(', ')}; read when absent` },
    ],
    request: (given) => ({
      verb: 'token create',
      name: given.value(NAME, NAME.name) ?? '',
      scope: given.value(SCOPE, 'scope') ?? 'read',
    }),
  },
  { verb: 'token list', summary: 'the tokens, without their secrets', request: () => ({ verb: 'token list' }) },
  {
    verb: 'token revoke',
    summary: 'make a token worthless at once',
    argument: { value: NAME, description: 'its name' },
    request: (given) => ({ verb: 'token revoke', name: given.value(NAME, NAME.name) ?? '' }),
  },
];

/** Groups of verbs that share their first word. */
export const GROUPS: Readonly<Record<string, string>> = {
  config: 'the configuration',
  service: 'the service of the operating system',
  token: 'tokens for the launcher port',
};
