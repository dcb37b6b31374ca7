import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Fault } from '../../platform/fault.ts';
import type { OwnProcess } from '../../platform/own-process.ts';
import type { Result } from '../../platform/result.ts';
import type { AddOptions, CommandContext, KeyOptions, ReadOptions } from './command-inputs.ts';
import { type Verdict, runAdd, runInit, runList, runPack, runRefresh, runVerify } from './commands.ts';
import { DEFAULT_DELTAS } from './add-deltas.ts';
import { type DeltaOptions, runDelta } from './delta-command.ts';
import { describeLifecycle } from './lifecycle-commands.ts';
import { createProgressDisplay } from './progress.ts';
import { EXIT_STATUS, exitStatusOf } from './exit-status.ts';

export type PublishProcess = Pick<OwnProcess, 'args' | 'workingDirectory' | 'output' | 'errorOutput'>;

/** Runs `om-publish` with the process's arguments; resolves to the exit status. */
export async function runPublish(process: PublishProcess, context: Omit<CommandContext, 'path'>): Promise<number> {
  const outcome = { status: EXIT_STATUS.done as number };
  const program = createProgram(process);
  const display = createProgressDisplay(process.errorOutput, context.dependencies.clock);
  const path = (text: string): string => resolve(process.workingDirectory, text);
  describeCommands(program, { onProgress: display.tell, ...context, path }, (verdict, json) => {
    display.end();
    outcome.status = report(process, verdict, json);
  });
  try {
    await program.parseAsync([...process.args], { from: 'user' });
    return outcome.status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT_STATUS.done : EXIT_STATUS.wrongUsage;
  }
}

type Report = (verdict: Result<Verdict>, json: boolean) => void;

/** Commands inherit where texts go at the moment they are added, so that this is said first. */
function createProgram(process: PublishProcess): Command {
  return new Command('om-publish')
    .description('Publishes releases of Office Maker Server into a signed static folder')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.output.write(text),
      writeErr: (text) => process.errorOutput.write(text),
    });
}

function describeCommands(program: Command, context: CommandContext, tell: Report): void {
  describeInit(program, context, tell);
  describeAdd(program, context, tell);
  describeDelta(program, context, tell);
  describeRefresh(program, context, tell);
  describeReaders(program, context, tell);
  describeLifecycle(program, { context, withKeys, tell });
}

function withKeys(command: Command): Command {
  return command
    .requiredOption('--keys <dir>', 'folder of the signing keys')
    .option('--passphrase-file <file>', 'file with the passphrase of the keys (or the variable OM_PUBLISH_PASSPHRASE)')
    .option(
      '--sign-command <program>',
      'keys that are made belong to this program: PROGRAM sign NAME, PROGRAM public-key NAME',
    )
    .option('--unencrypted', 'keys lie in the clear: for tests and demonstrations ONLY')
    .option('--json', 'one JSON object on standard output');
}

function withAnchor(command: Command): Command {
  return command
    .option('--root <file>', 'trusted root.json (default: that of --keys, else the first root of the repository)')
    .option('--keys <dir>', 'folder of the signing keys, for its root.json')
    .option('--json', 'one JSON object on standard output');
}

function describeInit(program: Command, context: CommandContext, tell: Report): void {
  withKeys(program.command('init').argument('<repo>'))
    .description('make keys and an empty repository')
    .option('--root-keys <n>', 'root keys to make', wholeNumber, 3)
    .option('--root-threshold <n>', 'root keys that must sign', wholeNumber, 2)
    .action(async (repo: string, options: KeyOptions & { rootKeys: number; rootThreshold: number }) => {
      tell(await runInit(context, repo, options), options.json === true);
    });
}

function describeAdd(program: Command, context: CommandContext, tell: Report): void {
  withKeys(program.command('add').argument('<folder>', 'the bundle to publish'))
    .description('publish a folder as a release')
    .requiredOption('--repo <dir>', 'the repository')
    .requiredOption('--product <name>')
    .requiredOption('--version <version>')
    .requiredOption('--platform <platform>', 'e.g. linux-x64, windows-x64, macos-arm64')
    .option('--channel <name>', 'channel', 'stable')
    .requiredOption('--data-format <name>', 'changes when the data file is converted at the first start')
    .option('--min-client <version>', 'oldest om-launcher that may install it')
    .option('--max-client <version>', 'newest om-launcher that may install it')
    .option('--from <version>', 'oldest version from which this one may be reached in one step')
    .option('--notes <file>', 'release notes, JSON: {"en": "…", "fr": "…", "de": "…", "it": "…"}')
    .option('--notes-en <text>', 'release notes in English')
    .option('--notes-fr <text>', 'release notes in French')
    .option('--notes-de <text>', 'release notes in German')
    .option('--notes-it <text>', 'release notes in Italian')
    .option('--rollout <percentage>', 'share of the machines that are offered it', wholeNumber)
    .option('--rollout-start <instant>', 'ISO instant from which it is offered')
    .option('--deltas <n>', 'publish deltas from that many versions before it; 0: none', deltaCount, DEFAULT_DELTAS)
    .option('--level <n>', 'compression, 1 (fast) to 19 (small)', compressionLevel)
    .action(async (folder: string, options: AddOptions) => {
      tell(await runAdd(context, folder, options), options.json === true);
    });
}

function describeDelta(program: Command, context: CommandContext, tell: Report): void {
  withKeys(program.command('delta'))
    .description('publish what turns older releases into one, for a small update')
    .requiredOption('--repo <dir>', 'the repository')
    .option('--to <version>', 'the release to lead to (default: the newest)')
    .option('--from <version...>', 'releases to come from (default: the last before it)')
    .option('--deltas <n>', 'how many versions before it', deltaCount, DEFAULT_DELTAS)
    .option('--product <name>')
    .option('--channel <name>')
    .option('--platform <platform>')
    .option('--level <n>', 'compression, 1 (fast) to 19 (small)', compressionLevel)
    .action(async (options: DeltaOptions) => {
      tell(await runDelta(context, options), options.json === true);
    });
}

function describeRefresh(program: Command, context: CommandContext, tell: Report): void {
  withKeys(program.command('refresh'))
    .description('sign again what nears its end, and the timestamp')
    .requiredOption('--repo <dir>', 'the repository')
    .option('--role <role...>', 'roles to sign again in any case')
    .action(async (options: KeyOptions & { repo: string; role?: string[] }) => {
      tell(await runRefresh(context, options), options.json === true);
    });
}

function describeReaders(program: Command, context: CommandContext, tell: Report): void {
  withAnchor(program.command('list').argument('<repo>'))
    .description('list the releases')
    .action(async (repo: string, options: ReadOptions) => {
      tell(await runList(context, repo, options), options.json === true);
    });
  withAnchor(program.command('verify').argument('<repo>'))
    .description('check everything that a client would check')
    .action(async (repo: string, options: ReadOptions) => {
      tell(await runVerify(context, repo, options), options.json === true);
    });
  withAnchor(program.command('pack').argument('<version>'))
    .description('write one release into one file, for machines without a line')
    .requiredOption('--repo <dir>', 'the repository')
    .requiredOption('--output <file>', 'the .omu file to write')
    .option('--product <name>')
    .option('--channel <name>')
    .option('--platform <platform>')
    .action(async (version: string, options: ReadOptions & PackOptions) => {
      tell(await runPack(context, version, options), options.json === true);
    });
}

type PackOptions = Parameters<typeof runPack>[2];

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,6}$/u.test(text)) throw new InvalidArgumentError('A whole number is expected.');
  return Number(text);
}

function compressionLevel(text: string): number {
  const level = wholeNumber(text);
  if (level < 1 || level > 19) throw new InvalidArgumentError('A number from 1 to 19 is expected.');
  return level;
}

/** Each one costs the publisher minutes and the web server megabytes; older machines take the full pack. */
const DELTAS_LIMIT = 20;

function deltaCount(text: string): number {
  const count = wholeNumber(text);
  if (count > DELTAS_LIMIT) throw new InvalidArgumentError(`A number from 0 to ${String(DELTAS_LIMIT)} is expected.`);
  return count;
}

/** The last line is the verdict; with `--json` it is the only one. */
function report(process: PublishProcess, verdict: Result<Verdict>, json: boolean): number {
  if (!verdict.ok) {
    if (json) process.output.write(`${JSON.stringify({ ok: false, ...verdict.fault })}\n`);
    else process.errorOutput.write(`${describeFault(verdict.fault)}\n`);
    return exitStatusOf(verdict.fault.code);
  }
  const { status, lines, value } = verdict.value;
  if (json) process.output.write(`${JSON.stringify({ ok: status === EXIT_STATUS.done, ...value })}\n`);
  else process.output.write(`${lines.join('\n')}\n`);
  return status;
}

export function describeFault(fault: Fault): string {
  const where = [fault.path, ...Object.values(fault.values ?? {})].filter((part) => part !== undefined).join(', ');
  return `om-publish: ${fault.code}: ${fault.detail}${where === '' ? '' : ` (${where})`}`;
}
