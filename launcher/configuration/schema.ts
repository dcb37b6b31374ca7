import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { UPDATE_MODES } from '../../installer/schedule/decide.ts';
import { WEEKDAYS } from '../../installer/schedule/windows.ts';
import { DEFAULTS } from './defaults.ts';
import { ServerSection } from './server-section.ts';
import { absolutePattern, choice, closed, list, path, seconds, text } from './schema-parts.ts';

const CLOCK_TIME = '^([01][0-9]|2[0-3]):[0-5][0-9]$';

/** The whole of `om-launcher.json`, the single source of its checks, its documentation and its JSON Schema. */

const Proxy = Type.Union(
  [
    choice(['environment', 'none'], 'Obey HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or use no proxy at all.'),
    closed(
      {
        url: text('Address of the proxy, without user and password.', { pattern: '^https?://[^/@\\s]+/?$' }),
        user: Type.Optional(text('User name for the proxy.')),
        passwordFile: Type.Optional(path('File whose first line is the password.')),
        passwordEnv: Type.Optional(text('Environment variable that holds the password.')),
      },
      'A proxy of your own.',
    ),
  ],
  { description: 'How the launcher reaches the repository.', default: DEFAULTS.updates.proxy },
);

const Window = closed(
  {
    days: Type.Optional(
      list(choice(WEEKDAYS, 'A day.'), { description: 'Days on which it opens; every day when absent.', minItems: 1 }),
    ),
    from: text('Local time at which it opens, `HH:MM`.', { pattern: CLOCK_TIME }),
    to: text('Local time at which it closes; at or before `from` is on the next day.', { pattern: CLOCK_TIME }),
  },
  'One window.',
);

const ScheduleSection = closed(
  {
    windows: Type.Optional(list(Window, { description: 'When users may be disturbed without anybody’s order.' })),
    zone: Type.Optional(
      text('Time zone of the windows, for example `Europe/Zurich`; the machine’s own when absent.', {
        pattern: '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$',
      }),
    ),
    checkSeconds: Type.Optional(
      seconds('How often the repository is asked; each machine has its own moment within it.', 1, {
        default: DEFAULTS.updates.checkSeconds,
      }),
    ),
  },
  'When the launcher acts by itself.',
);

const DownloadsSection = closed(
  {
    limitKiBps: Type.Optional(
      Type.Integer({
        minimum: 64,
        maximum: 1_048_576,
        description: 'What all downloads together take of the line, KiB a second; no limit when absent.',
      }),
    ),
    windows: Type.Optional(
      list(Window, {
        description:
          'When releases may be fetched without anybody’s order, in the zone of `schedule`; at any time when absent.',
      }),
    ),
  },
  'How much of the line downloads may use, and when.',
);

const UpdatesSection = closed(
  {
    repository: Type.Optional(text('Where releases come from: an http(s) address, or a folder.')),
    mirrors: Type.Optional(
      list(text('A copy of the repository: an http(s) address, or a folder.'), {
        maxItems: 8,
        description:
          'Asked before the repository for the large files, in this order, and for its metadata where it cannot give them.',
      }),
    ),
    downloads: Type.Optional(DownloadsSection),
    root: Type.Optional(path('The first trusted `root.json`; later ones are followed by their signatures.')),
    channel: Type.Optional(
      text('Which line of releases to follow.', {
        pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
        default: DEFAULTS.updates.channel,
      }),
    ),
    mode: Type.Optional(
      choice(
        UPDATE_MODES,
        '`manual`: only on order; `stage`: prepared ahead, installed on order; `auto`: prepared ahead, installed in a window.',
        { default: DEFAULTS.updates.mode },
      ),
    ),
    schedule: Type.Optional(ScheduleSection),
    delayDays: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 365,
        description: 'A release is considered only so many days after it was published, unless an order names it.',
        default: DEFAULTS.updates.delayDays,
      }),
    ),
    pin: Type.Optional(
      text('Install this version and no other, unless an order names one.', {
        pattern: '^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$',
      }),
    ),
    delaySeconds: Type.Optional(
      seconds('Disconnection delay: how long users have to save and leave.', 0, {
        maximum: 86_400,
        default: DEFAULTS.updates.delaySeconds,
      }),
    ),
    keepOldDays: Type.Optional(
      Type.Union(
        [
          Type.Integer({ minimum: 0, maximum: 3650, description: 'Days.' }),
          choice(['until-next-update'], 'Kept until the next update needs its place.'),
        ],
        {
          description: 'How long the previous version is kept for `--rollback` once the new one has proven itself.',
          default: DEFAULTS.updates.keepOldDays,
        },
      ),
    ),
    proxy: Type.Optional(Proxy),
    staging: Type.Optional(
      choice(
        ['idle', 'normal', 'in-process'],
        'How a release is put together beside the running server: by a process that lets all others go first, by one at normal priority, or by the launcher itself.',
        { default: DEFAULTS.updates.staging },
      ),
    ),
    ca: Type.Optional(path('Additional trusted certificate authorities for the repository, PEM.')),
    inbox: Type.Optional(path('Folder in which a signed release file may be dropped to be offered.')),
  },
  'Where updates come from and how they are installed.',
);

const CarryOverSection = closed(
  {
    preset: Type.Optional(
      Type.Boolean({ description: 'Keep the rules of the product; `false` leaves only your own.', default: true }),
    ),
    rules: Type.Optional(
      list(
        closed(
          {
            pattern: text('Files relative to the bundle, with `/`, `*` and `**`.', {
              pattern: absolutePattern.relative,
            }),
            action: choice(
              ['always', 'changed', 'rename', 'report'],
              '`always`: the installed file wins; `changed`: only if changed or added locally; `rename`: the new file gets the installed name; `report`: only listed.',
            ),
            check: Type.Optional(
              choice(['xml', 'json', 'key-pair'], 'What the content must be before it is put into the new version.'),
            ),
          },
          'One rule.',
        ),
        { description: 'Added to the preset; a rule with the same pattern replaces it.' },
      ),
    ),
  },
  'What moves from the installed bundle into the new one.',
);

const DataSection = closed(
  {
    format: Type.Optional(text('Format of the data as it is now, when the installed release does not say it.')),
    paths: Type.Optional(
      list(path('A data file or folder.'), {
        description: 'What is backed up before a release that converts the data.',
      }),
    ),
    backup: Type.Optional(
      closed(
        {
          folder: Type.Optional(path('Where the copies go; `data-backups` in the state folder when absent.')),
          keep: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 100,
              description: 'How many copies stay.',
              default: DEFAULTS.data.keep,
            }),
          ),
        },
        'The copy made before the data is converted.',
      ),
    ),
    restore: Type.Optional(
      choice(
        ['on-format-change', 'never'],
        'Whether a failed update brings the data back, too, when the new version has another data format.',
        {
          default: DEFAULTS.data.restore,
        },
      ),
    ),
  },
  'The data, outside the bundle.',
);

const PortSection = closed(
  {
    listen: Type.Optional(
      text('Address and port of the launcher port; port = base port of the product + 7 when absent.', {
        pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5}$',
        examples: ['127.0.0.1:19820'],
      }),
    ),
    names: Type.Optional(
      list(text('A host name.', { pattern: '^[A-Za-z0-9.-]{1,253}$' }), {
        description: 'Names under which clients may address the port, beside the machine’s own.',
      }),
    ),
    tls: Type.Optional(
      closed({ key: path('Private key, PEM.'), cert: path('Certificate chain, PEM.') }, 'Your own certificate.'),
    ),
  },
  'The launcher port for OM Client, OM Server and the console.',
);

const MailSection = closed(
  {
    smtp: closed(
      {
        host: text('Name or address of the mail server.', { pattern: '^[A-Za-z0-9.:_-]{1,253}$' }),
        port: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 65_535,
            description: 'Its port; 587 with `starttls`, 465 with `tls`, 25 with `none` when absent.',
          }),
        ),
        secure: Type.Optional(
          choice(['none', 'starttls', 'tls'], 'How the connection is protected.', { default: DEFAULTS.smtp.secure }),
        ),
        user: Type.Optional(text('User name, if the server asks for one.')),
        passwordFile: Type.Optional(path('File whose first line is the password.')),
        passwordEnv: Type.Optional(text('Environment variable that holds the password.')),
        ca: Type.Optional(path('Additional trusted certificate authorities, PEM.')),
      },
      'The mail server.',
    ),
    from: text('Sender’s address.'),
    to: Type.Optional(
      list(text('An address.'), { description: 'Who is told of every outcome, beside the person who gave the order.' }),
    ),
  },
  'Mail about the outcome of updates.',
);

const LogsSection = closed(
  {
    folder: Type.Optional(
      path('Folder of the server’s and the launcher’s logs; `logs` in the state folder when absent.'),
    ),
    level: Type.Optional(
      choice(['info', 'warn', 'error'], 'The least important lines to be written.', {
        default: DEFAULTS.logs.level,
      }),
    ),
    rotateMiB: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4096,
        description:
          'The server’s output and the launcher’s log are cut into files of this size, while they are being written.',
        default: DEFAULTS.logs.rotateMiB,
      }),
    ),
    rotateHours: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 8784,
        description: 'The same when a file is this old.',
        default: DEFAULTS.logs.rotateHours,
      }),
    ),
    keepFiles: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'How many earlier files stay, of the server’s output and of the launcher’s log each.',
        default: DEFAULTS.logs.keepFiles,
      }),
    ),
    budgetMiB: Type.Optional(
      Type.Integer({
        minimum: 16,
        maximum: 1_048_576,
        description: 'What the folder may hold altogether; the oldest is removed first, sooner on a nearly full disk.',
        default: DEFAULTS.logs.budgetMiB,
      }),
    ),
  },
  'Logs.',
);

export const ConfigurationSchema = closed(
  {
    $schema: Type.Optional(text('For editors; ignored by the launcher.')),
    name: Type.Optional(
      text('Name of this server in messages and of its state folder; the product’s name when absent.', {
        pattern: '^[^\\\\/:*?"<>|\\x00-\\x1f.\\s]([^\\\\/:*?"<>|\\x00-\\x1f]{0,62}[^\\\\/:*?"<>|\\x00-\\x1f.\\s])?$',
      }),
    ),
    product: Type.Optional(
      choice(
        ['business', 'finance', 'staff'],
        'Sets names, ports, carry-over rules and probes; everything can be said without it.',
      ),
    ),
    folder: path('The Office Maker folder, in which the bundle lies.'),
    bundle: Type.Optional(
      path('The application’s folder or `.app`, in `folder` (relative to it); the product’s name when absent.'),
    ),
    server: Type.Optional(ServerSection),
    updates: Type.Optional(UpdatesSection),
    carryOver: Type.Optional(CarryOverSection),
    data: Type.Optional(DataSection),
    port: Type.Optional(PortSection),
    mail: Type.Optional(MailSection),
    language: Type.Optional(
      choice(['en', 'fr', 'de', 'it'], 'Language of the launcher where nobody asked for another.'),
    ),
    stateFolder: Type.Optional(
      path('Journal, history, trusted metadata, outbox; the system’s place for program data when absent.'),
    ),
    logs: Type.Optional(LogsSection),
  },
  'Configuration of om-launcher',
);

/** The file as it was written, after its check. */
export type ConfigurationFile = Static<typeof ConfigurationSchema>;

/** The JSON Schema (draft 2020-12) for editors, as plain data. */
export function configurationSchema(): Record<string, unknown> {
  const schema: TSchema = ConfigurationSchema;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'om-launcher.json',
    ...structuredClone(schema),
  };
}
