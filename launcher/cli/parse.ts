import { Argument, Command, CommanderError, Option } from 'commander';
import type { OwnProcess } from '../../platform/own-process.ts';
import type { ArgumentDefinition, Given, OptionDefinition, VerbDefinition } from './definition.ts';
import { optional } from './definition.ts';
import { DEFAULT_VERB, GLOBAL_OPTIONS, GROUPS, LANGUAGE, PROGRAM_NAME, PROGRAM_SUMMARY, VERBS } from './program.ts';
import type { GlobalOptions, Request } from './request.ts';
import { text, type ValueKind } from './values.ts';

/** A command line that was understood, or the status with which it is over (usage shown, or a mistake told). */
export type Parsed =
  | { readonly kind: 'request'; readonly request: Request; readonly globals: GlobalOptions }
  | { readonly kind: 'over'; readonly status: 'shown' | 'wrong-usage' };

export interface ParseContext {
  readonly output: Pick<OwnProcess, 'output' | 'errorOutput'>;
  readonly launcherVersion: string;
  readonly now: () => number;
}

/** Reads a command line by the tables of `program.ts`; usage and mistakes in it go to the outputs. */
export function parseCommandLine(args: readonly string[], context: ParseContext): Parsed {
  const found: { parsed?: Parsed } = {};
  const program = createProgram(context, (parsed) => {
    found.parsed = parsed;
  });
  try {
    program.parse([...withDefaultVerb(withVerbFlags(args))], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'over', status: error.exitCode === 0 ? 'shown' : 'wrong-usage' };
  }
  return found.parsed ?? { kind: 'over', status: 'shown' };
}

type Tell = (parsed: Parsed) => void;

function createProgram(context: ParseContext, tell: Tell): Command {
  const { output, errorOutput } = context.output;
  const program = new Command(PROGRAM_NAME)
    .description(PROGRAM_SUMMARY)
    .version(context.launcherVersion, '--version', 'the version of the launcher')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (written) => output.write(written),
      writeErr: (written) => errorOutput.write(written),
      getOutHelpWidth: () => output.columns ?? PIPE_COLUMNS,
      getErrHelpWidth: () => errorOutput.columns ?? PIPE_COLUMNS,
    });
  addOptions(program, GLOBAL_OPTIONS, context);
  const groups = new Map<string, Command>();
  for (const definition of VERBS) {
    const [first = '', second] = definition.verb.split(' ');
    const parent = second === undefined ? program : (groups.get(first) ?? addGroup(program, groups, first));
    addVerb(parent, second ?? first, definition, context, tell);
  }
  return program;
}

const PIPE_COLUMNS = 100;

function addGroup(program: Command, groups: Map<string, Command>, name: string): Command {
  const group = program.command(name).description(GROUPS[name] ?? '');
  groups.set(name, group);
  return group;
}

function addVerb(parent: Command, name: string, definition: VerbDefinition, context: ParseContext, tell: Tell): void {
  const command = parent.command(name).description(definition.summary);
  const { argument, options = [] } = definition;
  if (argument !== undefined) command.addArgument(argumentOf(argument, context));
  addOptions(command, options, context);
  // Global options are understood before and after the verb.
  addOptions(command, GLOBAL_OPTIONS, context, 'hidden');
  command.action(() => {
    const given = givenBy(command, argument);
    tell({ kind: 'request', request: definition.request(given), globals: globalsOf(given) });
  });
}

function argumentOf({ value, optional: mayMiss, description }: ArgumentDefinition, context: ParseContext): Argument {
  const shown = mayMiss === true ? `[${value.name}]` : `<${value.name}>`;
  return new Argument(shown, description).argParser((given) => value.read(given, context.now));
}

function addOptions(
  command: Command,
  options: readonly OptionDefinition[],
  context: ParseContext,
  shown?: 'hidden',
): void {
  for (const definition of options) {
    const option = new Option(flagsOf(definition), definition.description);
    const { value } = definition;
    if (value !== undefined) option.argParser((given) => value.read(given, context.now));
    command.addOption(shown === 'hidden' ? option.hideHelp() : option);
  }
}

/** `-n, --count <N>`. */
export function flagsOf({ name, short, value }: OptionDefinition): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value.name}>`;
  return short === undefined ? long : `-${short}, ${long}`;
}

/** `--no-x` is kept by commander as `x: false`; everything else under its camel-cased name. */
function givenBy(command: Command, argument: ArgumentDefinition | undefined): Given {
  const options = new Map(Object.entries(command.optsWithGlobals<Record<string, unknown>>()));
  // The verb's own value of a global option stands before the one that came earlier.
  for (const [name, value] of Object.entries(command.opts<Record<string, unknown>>())) {
    if (command.getOptionValueSource(name) === 'cli') options.set(name, value);
  }
  const processed: readonly unknown[] = command.processedArgs;
  return {
    value: <Value>(kind: ValueKind<Value>, name: string) =>
      (argument?.value.name === name && argument.value.name === kind.name
        ? processed[0]
        : options.get(camelCased(name))) as Value | undefined,
    flag: (name) =>
      name.startsWith('no-')
        ? options.get(camelCased(name.slice('no-'.length))) === false
        : options.get(camelCased(name)) === true,
  };
}

function camelCased(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function globalsOf(given: Given): GlobalOptions {
  return {
    ...optional('config', given.value(text('FILE'), 'config')),
    ...optional('language', given.value(LANGUAGE, 'lang')),
    json: given.flag('json'),
    quiet: given.flag('quiet'),
    color: !given.flag('no-color'),
  };
}

const VERB_FLAGS = ['status', 'rollback'] as const;

/** `--status` and `--rollback` are the verbs of that name. */
function withVerbFlags(args: readonly string[]): readonly string[] {
  const flag = VERB_FLAGS.find((name) => args.includes(`--${name}`));
  return flag === undefined ? args : [flag, ...args.filter((arg) => arg !== `--${flag}`)];
}

/** Without a verb it is `run`, unless usage or version are asked for. */
function withDefaultVerb(args: readonly string[]): readonly string[] {
  const withValue = GLOBAL_OPTIONS.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);
  const verb = args.find((arg, index) => !arg.startsWith('-') && !withValue.includes(args[index - 1] ?? ''));
  const asksForHelp = args.some((arg) => ['--help', '-h', '--version'].includes(arg));
  return verb !== undefined || asksForHelp ? args : [...args, DEFAULT_VERB];
}
