import { Type } from '@sinclair/typebox';
import { DEFAULTS } from './defaults.ts';
import { choice, closed, list, path, seconds, text } from './schema-parts.ts';

/** `server`: how the supervised program is started, judged, restarted and stopped. */

const command = (description: string) => list(text('Program or argument.'), { description, minItems: 1 });
const port = (description: string) => Type.Integer({ minimum: 1, maximum: 65_535, description });
const timeoutSeconds = Type.Optional(
  seconds('How long one try may take.', 0.1, { maximum: 600, default: DEFAULTS.health.timeoutSeconds }),
);

const name = Type.Optional(text('What `status` calls it.', { maxLength: 40 }));

const ProbeSection = Type.Union(
  [
    closed(
      {
        type: Type.Literal('tcp'),
        name,
        host: Type.Optional(text('Address.', { default: DEFAULTS.health.host })),
        port: port('The port must accept a connection.'),
        timeoutSeconds,
      },
      'A TCP connection opens.',
    ),
    closed(
      {
        type: Type.Literal('http'),
        name,
        url: text('Address; without `ca` any certificate is accepted on loopback, elsewhere only a trusted one.', {
          pattern: '^https?://[^\\s]+$',
        }),
        ca: Type.Optional(
          path('Additional trusted certificate authorities, PEM; with it the certificate is checked on loopback, too.'),
        ),
        statuses: Type.Optional(
          list(Type.Integer({ minimum: 100, maximum: 599 }), {
            description: 'Answers that count as healthy.',
            minItems: 1,
            default: [...DEFAULTS.health.statuses],
          }),
        ),
        bodyPattern: Type.Optional(text('Regular expression that the first 64 KiB of the answer must match.')),
        timeoutSeconds,
      },
      'An HTTP request is answered.',
    ),
    closed({ type: Type.Literal('cooperative'), name }, 'The server itself reports that it is ready.'),
    closed(
      { type: Type.Literal('command'), name, command: command('Must end with status 0.'), timeoutSeconds },
      'A command ends well.',
    ),
  ],
  { description: 'One probe; `type` says which.' },
);

const StartSection = closed(
  {
    limitSeconds: Type.Optional(
      seconds('A start that shows no progress may take this long.', 1, { default: DEFAULTS.start.limitSeconds }),
    ),
    extendSeconds: Type.Optional(
      seconds('Visible progress extends the limit by this.', 1, { default: DEFAULTS.start.extendSeconds }),
    ),
    hardLimitSeconds: Type.Optional(
      seconds('Never longer than this, whatever moves.', 1, { default: DEFAULTS.start.hardLimitSeconds }),
    ),
  },
  'How long a start may take.',
);

const StopSection = closed(
  {
    orderSeconds: Type.Optional(
      seconds('Wait after asking a cooperating server to quit.', 0, { default: DEFAULTS.stop.orderSeconds }),
    ),
    request: Type.Optional(
      Type.Union(
        [
          choice(['terminate', 'interrupt', 'hang-up'], 'The signal that asks it to end.'),
          command('A command that asks it to end.'),
        ],
        { description: 'How the system asks the server to end.', default: DEFAULTS.stop.request },
      ),
    ),
    requestSeconds: Type.Optional(seconds('Wait after that request.', 0, { default: DEFAULTS.stop.requestSeconds })),
    kill: Type.Optional(
      choice(
        ['last-resort', 'never'],
        'Whether a server that does not end is killed; `never` aborts the update instead.',
        {
          default: DEFAULTS.stop.kill,
        },
      ),
    ),
    proveSeconds: Type.Optional(
      seconds('Time to see that its processes are gone and its files released.', 1, {
        default: DEFAULTS.stop.proveSeconds,
      }),
    ),
  },
  'The steps by which the server is stopped.',
);

const rounds = (description: string, standard: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description, default: standard }));

const ownProbes = (description: string) =>
  Type.Optional(list(ProbeSection, { description: `${description}; those of \`health.probes\` when absent.` }));

const RoundSections = {
  startup: Type.Optional(
    closed(
      {
        probes: ownProbes('Probes that say whether it has started'),
        passes: rounds('Rounds in a row that must pass.', DEFAULTS.rounds.startup.passes),
      },
      'When a starting server is ready.',
    ),
  ),
  readiness: Type.Optional(
    closed(
      {
        probes: ownProbes('Probes that say whether it serves its users'),
        failures: rounds('Failed rounds in a row that degrade it.', DEFAULTS.rounds.readiness.failures),
        passes: rounds('Passed rounds in a row that bring it back.', DEFAULTS.rounds.readiness.passes),
      },
      'When a running server counts as unwell.',
    ),
  ),
  liveness: Type.Optional(
    closed(
      {
        probes: ownProbes('Probes that say whether it lives'),
        failures: rounds('Failed rounds in a row before anything is done.', DEFAULTS.rounds.liveness.failures),
        restart: Type.Optional(
          choice(
            ['when-idle', 'never'],
            'Whether a server that is idle without users, or that lost its port, is restarted then.',
            { default: DEFAULTS.rounds.liveness.restart },
          ),
        ),
      },
      'When a running server that is unwell is restarted.',
    ),
  ),
};

const HealthSection = closed(
  {
    probes: Type.Optional(
      list(ProbeSection, {
        description:
          'Asked for startup, readiness and liveness; all must pass. The product’s base port when absent; an empty list: ready once it has lived for 1 s.',
      }),
    ),
    everySeconds: Type.Optional(seconds('Pause between two rounds.', 0.1, { default: DEFAULTS.health.everySeconds })),
    watchSeconds: Type.Optional(
      seconds('How long a new version is watched before it is final.', 0, { default: DEFAULTS.health.watchSeconds }),
    ),
    passes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'Rounds in a row that must pass at the end of the watch.',
        default: DEFAULTS.health.passes,
      }),
    ),
    ...RoundSections,
  },
  'How the server’s health is judged.',
);

const RestartSection = closed(
  {
    stableSeconds: Type.Optional(
      seconds('A server that was ready for this long restarts at once.', 0, {
        default: DEFAULTS.restart.stableSeconds,
      }),
    ),
    firstDelaySeconds: Type.Optional(
      seconds('First pause; doubles at each crash.', 0, { default: DEFAULTS.restart.firstDelaySeconds }),
    ),
    maximumDelaySeconds: Type.Optional(seconds('Longest pause.', 0, { default: DEFAULTS.restart.maximumDelaySeconds })),
    jitter: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Random part of the pause, 0.2 = ±20 %.',
        default: DEFAULTS.restart.jitter,
      }),
    ),
    alarmCrashes: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 1000,
        description: 'So many failed runs within `alarmSeconds` raise the alarm: one mail to `mail.to`.',
        default: DEFAULTS.alarm.crashes,
      }),
    ),
    alarmSeconds: Type.Optional(
      seconds('Window of those runs; a server that was up for this long without a break ends the alarm.', 1, {
        default: DEFAULTS.alarm.windowSeconds,
      }),
    ),
    licencePatterns: Type.Optional(
      list(text('Words in their order, `*` between them for anything; upper or lower case.', { maxLength: 200 }), {
        description: 'Last lines of the output by which a missing licence is known; it is then tried again slowly.',
        default: [...DEFAULTS.causes.licencePatterns],
      }),
    ),
    minimumFreeMiB: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_048_576,
        description:
          'A server that failed to start is started again once the volumes of logs, state and data have this much space.',
        default: DEFAULTS.causes.minimumFreeMiB,
      }),
    ),
  },
  'Restarts after a crash.',
);

const SessionsSection = closed(
  {
    port: Type.Optional(
      port('Port on which users are counted when the server does not report them; `server.port` when absent.'),
    ),
    warnCommand: Type.Optional(
      command(
        'Shows a notice to users; `{text}`, `{seconds}` (left) and `{language}` are replaced. For a server that does not cooperate.',
      ),
    ),
    closeCommand: Type.Optional(command('Closes the sessions that are still open.')),
  },
  'The users of the server.',
);

const SmokeSection = closed(
  {
    args: Type.Optional(
      list(text('Argument.'), {
        description: 'Arguments of the trial run of a staged release; it must end with status 0.',
        default: [...DEFAULTS.smoke.args],
      }),
    ),
    timeoutSeconds: Type.Optional(
      seconds('How long it may take.', 1, { maximum: 3600, default: DEFAULTS.smoke.timeoutSeconds }),
    ),
  },
  'The trial run of a new release before anybody is disturbed.',
);

export const ServerSection = closed(
  {
    command: Type.Optional(
      path(
        'The program. A bare name is looked up in the bundle, then in PATH; `{bundle}/…` and `{folder}/…` are allowed.',
      ),
    ),
    args: Type.Optional(
      list(Type.String({ maxLength: 4096 }), {
        description: 'Arguments; `{bundle}`, `{folder}`, `{launcherUrl}` and `{tokenFile}` are replaced.',
      }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String({ maxLength: 32_768 }), {
        description: 'Additional environment variables; the same placeholders.',
      }),
    ),
    workingDirectory: Type.Optional(
      path('Where it runs; the bundle when absent. `{bundle}` and `{folder}` are replaced.'),
    ),
    port: Type.Optional(port('The port on which users connect; the product’s base port when absent.')),
    handover: Type.Optional(
      choice(
        ['none', 'fd'],
        '`none`: the server opens its port itself; `fd`: the launcher opens it, and the server gets the socket as from systemd (`LISTEN_FDS`), so that nobody is refused while it is swapped. Linux only.',
        { default: DEFAULTS.handover.way },
      ),
    ),
    handoverHost: Type.Optional(
      text('Address on which the launcher opens that port; `::` means every address.', {
        pattern: '^[0-9a-fA-F:.]{2,45}$',
        default: DEFAULTS.handover.host,
      }),
    ),
    start: Type.Optional(StartSection),
    stop: Type.Optional(StopSection),
    health: Type.Optional(HealthSection),
    restart: Type.Optional(RestartSection),
    sessions: Type.Optional(SessionsSection),
    smoke: Type.Optional(SmokeSection),
  },
  'The supervised server.',
);
