import { faultOf } from '../../../platform/fault.ts';
import type { CheckAnswer } from '../../api/messages.ts';
import type { ReleaseView } from '../../api/schemas.ts';
import { formatBytes, formatTime } from '../../texts/format.ts';
import { say } from '../../texts/messages.ts';
import { type VerbContext, withLauncher } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { table } from '../style.ts';
import { askOrRead } from '../unattended.ts';
import { tellRefused } from './refused.ts';

export async function listReleases(context: VerbContext): Promise<number> {
  const { voice } = context;
  const { language } = voice;
  const releases = await readReleases(context);
  if (!releases.ok) return voice.fault(releases.fault);
  voice.lines(releases.value.length === 0 ? [] : releaseTable(context, releases.value));
  voice.object({ releases: releases.value });
  voice.verdict(
    releases.value.length === 0
      ? say(language, 'cli.no-releases')
      : say(language, 'cli.listed', { count: releases.value.length }),
  );
  return EXIT.done;
}

async function readReleases(context: VerbContext): ReturnType<typeof askOrRead<readonly ReleaseView[]>> {
  return askOrRead(
    context,
    (client) => client.releases(),
    (application) => application.releases(context.voice.language),
  );
}

function releaseTable(
  { voice: { language, style } }: VerbContext,
  releases: readonly ReleaseView[],
): readonly string[] {
  const time = (iso: string | undefined): string => (iso === undefined ? '' : formatTime(Date.parse(iso), language));
  const head = (['version', 'state', 'published', 'size', 'kept-until', 'file'] as const).map((name) =>
    say(language, `label.${name}`),
  );
  const rows = releases.map(({ version, state, publishedAt, transferBytes, keptUntil, file }) => [
    version,
    isNamed(state) ? say(language, `release.${state}`) : state,
    time(publishedAt),
    transferBytes === undefined ? '' : formatBytes(transferBytes, language),
    time(keptUntil),
    file ?? '',
  ]);
  return table(head, rows, style);
}

const NAMED_STATES = ['live', 'kept', 'available', 'bad'] as const;

function isNamed(state: string): state is (typeof NAMED_STATES)[number] {
  return NAMED_STATES.some((named) => named === state);
}

export async function checkForUpdate(context: VerbContext): Promise<number> {
  const { voice } = context;
  const answer = await withLauncher(context, (client) => client.check());
  if (!answer.ok) return tellRefused(context, answer.fault);
  const { available, upToDate } = answer.value;
  if (available?.notes !== undefined) voice.lines([available.notes.trimEnd(), '']);
  voice.lines(heldBackLines(context, answer.value));
  voice.object(answer.value);
  voice.verdict(checkVerdict(context, answer.value));
  if (upToDate) return EXIT.nothingToDo;
  return available === undefined ? EXIT.tryLater : EXIT.done;
}

function heldBackLines({ voice: { language, style } }: VerbContext, answer: CheckAnswer): readonly string[] {
  const { notYet = [], withdrawn } = answer;
  return [
    ...notYet.map(({ version, text }) => `${version}: ${text}`),
    ...(withdrawn === undefined ? [] : [`${style.warning(say(language, 'label.warning'))} ${withdrawn}`]),
  ];
}

function checkVerdict({ voice: { language } }: VerbContext, { available, upToDate }: CheckAnswer): string {
  if (available === undefined)
    return upToDate ? say(language, 'verdict.up-to-date', { version: undefined }) : say(language, 'cli.not-due');
  const { version, transferBytes, file } = available;
  return file === undefined
    ? say(language, 'verdict.available', { version, size: formatBytes(transferBytes ?? 0, language) })
    : say(language, 'cli.available-from-file', { version, file });
}

export async function showNotes(context: VerbContext, request: RequestOf<'notes'>): Promise<number> {
  const { voice } = context;
  const { language } = voice;
  const releases = await readReleases(context);
  if (!releases.ok) return voice.fault(releases.fault);
  const wanted = request.version ?? releases.value.find(({ state }) => state === 'available')?.version;
  const release = releases.value.find(({ version, state }) =>
    wanted === undefined ? state === 'live' : version === wanted,
  );
  if (release === undefined) {
    const status = voice.fault(faultOf('release-unknown', 'neither installed, kept nor on offer', values(wanted)));
    voice.verdict(say(language, 'cli.release-unknown', { version: wanted }));
    return status;
  }
  const { version, notes } = release;
  voice.object({ version, ...(notes === undefined ? {} : { notes }) });
  voice.verdict(notes?.trimEnd() ?? say(language, 'cli.no-notes'));
  return EXIT.done;
}

function values(version: string | undefined): { readonly values?: Readonly<Record<string, string>> } {
  return version === undefined ? {} : { values: { version } };
}
