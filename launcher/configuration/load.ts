import { Value } from '@sinclair/typebox/value';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { checkMeaning } from './check-meaning.ts';
import { checkShape } from './check-shape.ts';
import type { Configuration } from './configuration.ts';
import { LIMITS } from './defaults.ts';
import { type DocumentText, readDocument } from './document-text.ts';
import { isEssential, withoutParts } from './essential.ts';
import { locateCommand } from './locate-command.ts';
import type { ConfigurationMistake, MistakeAt } from './mistake.ts';
import { pathsOf } from './places.ts';
import { isBareName } from './resolve-server.ts';
import { resolveConfiguration } from './resolve.ts';
import { type ConfigurationFile, ConfigurationSchema } from './schema.ts';

/** A configuration that is good enough to start the server. */
export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Mistakes in parts that the start does not need; those parts hold their defaults, and updates wait until they are corrected. */
  readonly updatesBlocked: readonly ConfigurationMistake[];
}

/**
 * Reads `path` and returns the configuration, or every mistake at once when one of them touches what starting the server needs.
 *
 * A file that cannot be read, and one whose JSON is broken, cannot be trusted in any part: both are essential.
 */
export async function loadConfiguration(
  files: Files,
  machine: Machine,
  path: string,
): Promise<Result<LoadedConfiguration, ConfigurationMistake[]>> {
  const file = pathsOf(machine).resolve(path);
  const text = await files.readText(file, LIMITS.fileBytes);
  if (!text.ok) return fail([unreadable(file, text.fault)]);
  const document = readDocument(file, text.value);
  if (document.syntax.length > 0) return fail(document.syntax.slice(0, LIMITS.mistakes));
  const judged = judge(document, file, machine);
  if (!judged.ok) return judged;
  const { configuration, content, updatesBlocked } = judged.value;
  const command = content.server?.command;
  if (command === undefined || !isBareName(command)) return succeed({ configuration, updatesBlocked });
  const located = await locateCommand(command, configuration.bundle, files, machine);
  const server = { ...configuration.server, command: located };
  return succeed({ configuration: { ...configuration, server }, updatesBlocked });
}

/** All mistakes of the outcome, whether they prevent the start or not: `config check` and exit status 2 stand on it. */
export function mistakesOf(
  loaded: Result<LoadedConfiguration, ConfigurationMistake[]>,
): readonly ConfigurationMistake[] {
  return loaded.ok ? loaded.value.updatesBlocked : loaded.fault;
}

/** The mistakes as one fault, for those who tell faults. */
export function faultOfMistakes(mistakes: readonly ConfigurationMistake[]): Fault {
  const [first] = mistakes;
  const detail =
    first === undefined
      ? 'The configuration is not valid.'
      : `Line ${first.line}, ${first.path === '' ? 'file' : first.path}: expected ${first.expected}, found ${first.found}.`;
  return faultOf('configuration-invalid', detail, {
    ...(first === undefined ? {} : { path: first.file }),
    values: { count: mistakes.length },
  });
}

interface Judged extends LoadedConfiguration {
  readonly content: ConfigurationFile;
}

/** First the shape; then, on what is left without the wrong parts, the meaning. */
function judge(document: DocumentText, file: string, machine: Machine): Result<Judged, ConfigurationMistake[]> {
  const shape = checkShape(ConfigurationSchema, document.value);
  const tell = (mistakes: readonly MistakeAt[]) => inOrder(mistakes.map(document.locate)).slice(0, LIMITS.mistakes);
  if (shape.some((mistake) => isEssential(mistake))) {
    return fail(tell([...shape, ...meaningBeside(shape, document.value, file, machine)]));
  }
  const content = withoutParts(document.value, shape);
  if (!Value.Check(ConfigurationSchema, content)) return fail([...tell(shape), ...secondOpinion(content, document)]);
  const configuration = resolveConfiguration(content, file, machine);
  const meaning = checkMeaning({ content, configuration, machine });
  const mistakes = [...shape, ...meaning];
  if (meaning.some((mistake) => isEssential(mistake))) return fail(tell(mistakes));
  const usable = withoutParts(content, meaning);
  if (!Value.Check(ConfigurationSchema, usable)) return fail([...tell(mistakes), ...secondOpinion(usable, document)]);
  return succeed({
    configuration: meaning.length === 0 ? configuration : resolveConfiguration(usable, file, machine),
    content: usable,
    updatesBlocked: tell(mistakes),
  });
}

/** So that one round of corrections is enough: what else is wrong with the parts whose shape is right. */
function meaningBeside(shape: readonly MistakeAt[], value: unknown, file: string, machine: Machine): MistakeAt[] {
  const content = withoutParts(value, shape, 'exactly');
  if (!Value.Check(ConfigurationSchema, content)) return [];
  const told = new Set(shape.map((mistake) => String(mistake.path[0])));
  return checkMeaning({ content, configuration: resolveConfiguration(content, file, machine), machine }).filter(
    (mistake) => mistake.found !== 'nothing' || !told.has(String(mistake.path[0])),
  );
}

/** TypeBox refuses what our own check let pass: a difference between the two, told rather than trusted. */
function secondOpinion(content: unknown, document: DocumentText): ConfigurationMistake[] {
  const error = Value.Errors(ConfigurationSchema, content).First();
  const path = (error?.path ?? '').split('/').slice(1);
  return [document.locate({ path, at: 'value', expected: error?.message ?? 'a valid value', found: 'another value' })];
}

function inOrder(mistakes: readonly ConfigurationMistake[]): ConfigurationMistake[] {
  return mistakes.toSorted((one, other) => one.line - other.line || one.column - other.column);
}

function unreadable(file: string, fault: Fault): ConfigurationMistake {
  const absent = fault.code === 'not-found';
  return {
    file,
    line: 1,
    column: 1,
    path: '',
    expected: 'a readable configuration file',
    found: absent ? 'no such file' : `${fault.code}: ${fault.detail}`,
    suggestion: absent ? 'give its place with --config FILE' : 'check the rights and the size of the file',
  };
}
