import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { type CommandContext, type KeyOptions, keyOptions } from './command-inputs.ts';
import { nameOf, type Verdict } from './commands.ts';
import { EXIT_STATUS } from './exit-status.ts';
import type { KeyStoreOptions } from './keys.ts';
import {
  type EditedReleases,
  promoteRelease,
  pruneRepository,
  rolloutRelease,
  rotateKey,
  withdrawRelease,
} from './repository.ts';

interface ChosenOptions extends KeyOptions {
  readonly repo: string;
  readonly product?: string;
  readonly channel?: string;
  readonly platform?: string;
}

/** Adds `--keys` and its like, and tells what a command has to say. */
export interface CommandFrame {
  readonly context: CommandContext;
  readonly withKeys: (command: Command) => Command;
  readonly tell: (verdict: Result<Verdict>, json: boolean) => void;
}

const PERCENTAGE = /^(?<number>100|[0-9]{1,2})\s?%?$/u;

/** What is done with releases and keys after they were published. */
export function describeLifecycle(program: Command, frame: CommandFrame): void {
  const { context, tell } = frame;
  chosen(frame, program.command('rollout').argument('<version>').argument('<percentage>', 'e.g. 10%', percentage))
    .description('offer a release to a share of the machines')
    .option('--start <instant>', 'ISO instant from which it is offered')
    .action(async (version: string, share: number, options: ChosenOptions & { start?: string }) => {
      tell(await runRollout(context, version, share, options), options.json === true);
    });
  chosen(frame, program.command('withdraw').argument('<version>'))
    .description('take a release back: it is not offered any more, and who runs it is told')
    .option('--reason <text>', 'one sentence for those who run it')
    .option('--undo', 'give it out again')
    .action(async (version: string, options: ChosenOptions & { reason?: string; undo?: boolean }) => {
      tell(await runWithdraw(context, version, options), options.json === true);
    });
  chosen(frame, program.command('promote').argument('<version>'))
    .description('publish a release of one channel in another, byte for byte')
    .requiredOption('--to <channel>', 'the other channel')
    .option('--rollout <percentage>', 'share of the machines there', percentage)
    .action(async (version: string, options: ChosenOptions & { to: string; rollout?: number }) => {
      tell(await runPromote(context, version, options), options.json === true);
    });
  describeUpkeep(program, frame);
}

function describeUpkeep(program: Command, { context, withKeys, tell }: CommandFrame): void {
  withKeys(program.command('rotate-key').argument('<name>', 'e.g. timestamp, business-stable, root-1'))
    .description('replace a key by a new one')
    .requiredOption('--repo <dir>', 'the repository')
    .action(async (name: string, options: KeyOptions & { repo: string }) => {
      tell(await runRotate(context, name, options), options.json === true);
    });
  withKeys(program.command('prune'))
    .description('remove what nothing names any more')
    .requiredOption('--repo <dir>', 'the repository')
    .option('--keep <n>', 'newest releases to keep in each product, channel and platform', wholeNumber)
    .action(async (options: KeyOptions & { repo: string; keep?: number }) => {
      tell(await runPrune(context, options), options.json === true);
    });
}

function chosen({ withKeys }: CommandFrame, command: Command): Command {
  return withKeys(command)
    .requiredOption('--repo <dir>', 'the repository')
    .option('--product <name>')
    .option('--channel <name>')
    .option('--platform <platform>', 'default: all platforms of this version');
}

function percentage(text: string): number {
  const number = PERCENTAGE.exec(text)?.groups?.['number'];
  if (number === undefined) throw new InvalidArgumentError('A share from 0% to 100% is expected.');
  return Number(number);
}

function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/u.test(text)) throw new InvalidArgumentError('A whole number from 1 is expected.');
  return Number(text);
}

type Edit = Parameters<typeof rolloutRelease>[1];

async function editing(
  context: CommandContext,
  version: string,
  options: ChosenOptions,
): Promise<Result<Pick<Edit, 'repository' | 'keys' | 'choice'>>> {
  const keys: Result<KeyStoreOptions> = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const { product, channel, platform } = options;
  const choice = { version, product, channel, platform };
  return succeed({ repository: context.path(options.repo), keys: keys.value, choice });
}

async function runRollout(
  context: CommandContext,
  version: string,
  share: number,
  options: ChosenOptions & { readonly start?: string },
): Promise<Result<Verdict>> {
  const { start } = options;
  const startsAt = start === undefined ? undefined : instantOf(start);
  if (startsAt !== undefined && !startsAt.ok) return startsAt;
  const request = await editing(context, version, options);
  if (!request.ok) return request;
  const more = { percentage: share, startsAt: startsAt?.value };
  const edited = await rolloutRelease(context.dependencies, { ...request.value, ...more });
  const from = startsAt === undefined ? '' : ` from ${startsAt.value}`;
  return told(edited, `offered to ${share} % of the machines${from}`);
}

async function runWithdraw(
  context: CommandContext,
  version: string,
  options: ChosenOptions & { readonly reason?: string; readonly undo?: boolean },
): Promise<Result<Verdict>> {
  const { reason, undo: again } = options;
  const request = await editing(context, version, options);
  if (!request.ok) return request;
  const edited = await withdrawRelease(context.dependencies, { ...request.value, reason, again });
  return told(edited, again === true ? 'given out again' : 'withdrawn');
}

async function runPromote(
  context: CommandContext,
  version: string,
  options: ChosenOptions & { readonly to: string; readonly rollout?: number },
): Promise<Result<Verdict>> {
  const { to, rollout } = options;
  const request = await editing(context, version, options);
  if (!request.ok) return request;
  const more = { to, rollout: rollout === undefined ? undefined : { percentage: rollout } };
  const promoted = await promoteRelease(context.dependencies, { ...request.value, ...more });
  const verdict = told(promoted, 'published');
  if (!promoted.ok || !verdict.ok) return verdict;
  const { deltas, left } = promoted.value;
  const lines = [
    ...(deltas.length === 0 ? [] : [`Its deltas from ${deltas.join(', ')} went along.`]),
    ...left.map(({ from, why }) => `The delta from ${from} stayed behind: ${why}.`),
  ];
  const { value } = verdict;
  return succeed({ ...value, lines: [...value.lines, ...lines], value: { ...value.value, deltas, left } });
}

function told(edited: Result<EditedReleases>, what: string): Result<Verdict> {
  if (!edited.ok) return edited;
  const { releases, changed } = edited.value;
  const lines = releases.map((release) => `${nameOf(release)} ${changed ? 'is' : 'was already'} ${what}.`);
  return succeed({ status: EXIT_STATUS.done, lines, value: { changed, releases } });
}

async function runRotate(
  context: CommandContext,
  name: string,
  options: KeyOptions & { readonly repo: string },
): Promise<Result<Verdict>> {
  const keys = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const request = { repository: context.path(options.repo), keys: keys.value, name };
  const rotated = await rotateKey(context.dependencies, request);
  if (!rotated.ok) return rotated;
  const { newKeyId, retired } = rotated.value;
  const old = retired === undefined ? '' : `; destroy the old one: ${retired}`;
  const lines = [`${name} is the new key ${newKeyId.slice(0, 8)}${old}`];
  return succeed({ status: EXIT_STATUS.done, lines, value: { ...rotated.value } });
}

async function runPrune(
  context: CommandContext,
  options: KeyOptions & { readonly repo: string; readonly keep?: number },
): Promise<Result<Verdict>> {
  const keys = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const request = { repository: context.path(options.repo), keys: keys.value, keep: options.keep };
  const pruned = await pruneRepository(context.dependencies, request);
  if (!pruned.ok) return pruned;
  const { dropped, removed, freedBytes } = pruned.value;
  const lines = [
    ...dropped.map((release) => `${nameOf(release)} is not listed any more`),
    `${removed.length} files removed, ${freedBytes} bytes.`,
  ];
  return succeed({ status: EXIT_STATUS.done, lines, value: { dropped, removed, freedBytes } });
}

function instantOf(text: string): Result<string> {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds)
    ? fail(faultOf('request-invalid', `"${text}" is no ISO instant`))
    : succeed(`${new Date(milliseconds).toISOString().slice(0, 19)}Z`);
}
