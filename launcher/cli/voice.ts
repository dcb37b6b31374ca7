import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Machine } from '../../platform/machine.ts';
import type { OwnProcess, TextOutput } from '../../platform/own-process.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { explainFault } from '../texts/explain.ts';
import { say } from '../texts/messages.ts';
import { exitStatusOf } from './exit-status.ts';
import type { GlobalOptions } from './request.ts';
import { createStyle, type Style } from './style.ts';

/** How one verb speaks: text for people, or objects for programs, never both. */
export interface Voice {
  readonly language: Language;
  readonly style: Style;
  readonly json: boolean;
  /** Where a step list may be redrawn in place; undefined when piped, quiet or `--json`. */
  readonly screen: Screen | undefined;
  /** Text of the answer; not with `--json` or `--quiet`. */
  lines(lines: readonly string[]): void;
  /** A line with its time (ISO; now when absent), for what happens while one follows; not with `--json` or `--quiet`. */
  event(text: string, at?: string): void;
  /** The last line: the verdict. Not with `--json`. */
  verdict(text: string): void;
  /** Only with `--json`: one object, on one line. */
  object(value: object): void;
  /** A remark beside the answer, on the error output; not with `--json`. */
  remark(text: string): void;
  /** What failed · how the server is now · why · what to do. Gives the exit status that belongs to it. */
  fault(fault: Fault): number;
  /** The same for an error that the launcher has explained. */
  error(error: { readonly code: string; readonly message: string; readonly remedy: string }): void;
}

/** A terminal that a text can be redrawn on. */
export interface Screen {
  readonly columns: number;
  write(text: string): void;
}

export interface VoiceParts {
  readonly own: Pick<OwnProcess, 'output' | 'errorOutput'>;
  readonly machine: Pick<Machine, 'environment'>;
  readonly clock: Pick<Clock, 'now'>;
}

const NARROWEST = 20;
const USUAL_COLUMNS = 80;

export function createVoice(parts: VoiceParts, globals: GlobalOptions, language: Language): Voice {
  const { own, clock } = parts;
  const { output, errorOutput } = own;
  const { json, quiet } = globals;
  const style = createStyle(mayColor(parts, globals, output));
  const errorStyle = createStyle(mayColor(parts, globals, errorOutput));
  const write = (to: TextOutput, text: string): void => to.write(`${text}\n`);
  const error: Voice['error'] = ({ code, message, remedy }) => {
    if (json) return;
    write(errorOutput, `${errorStyle.bad(errorStyle.bold(`${say(language, 'cli.error')}:`))} ${message}`);
    write(
      errorOutput,
      `${errorStyle.bold(`${say(language, 'cli.remedy')}:`)} ${remedy} ${errorStyle.dim(`[${code}]`)}`,
    );
  };
  return {
    language,
    style,
    json,
    screen: json || quiet || !output.isTerminal ? undefined : screenOf(output),
    lines: (lines) => {
      if (!json && !quiet) for (const line of lines) write(output, line);
    },
    event: (text, at = new Date(clock.now()).toISOString()) => {
      if (!json && !quiet) write(output, `${at} ${text}`);
    },
    verdict: (text) => {
      if (!json) write(output, text);
    },
    object: (value) => {
      if (json) write(output, JSON.stringify(value));
    },
    remark: (text) => {
      if (!json) write(errorOutput, text);
    },
    fault: (fault) => {
      const told = explain(fault, language);
      error({ code: fault.code, ...told });
      if (json) write(output, JSON.stringify({ error: errorObject(fault, told, language) }));
      return exitStatusOf(fault.code);
    },
    error,
  };
}

/** NO_COLOR: any value that is not empty (no-color.org). `TERM=dumb` cannot show them. */
function mayColor({ machine }: VoiceParts, { color }: GlobalOptions, output: TextOutput): boolean {
  const { environment } = machine;
  return color && output.isTerminal && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

function screenOf(output: TextOutput): Screen {
  return {
    get columns() {
      return Math.max(NARROWEST, output.columns ?? USUAL_COLUMNS);
    },
    write: (text) => output.write(text),
  };
}

/** A fault that came over the port brings its texts, made by the launcher that knows the server's state. */
function explain(fault: Fault, language: Language): { readonly message: string; readonly remedy: string } {
  const { message, remedy } = fault.values ?? {};
  return typeof message === 'string' && typeof remedy === 'string'
    ? { message, remedy }
    : explainFault(fault, language, '');
}

function errorObject(
  fault: Fault,
  told: { readonly message: string; readonly remedy: string },
  language: Language,
): object {
  const updateId = fault.values?.['updateId'];
  return {
    code: fault.code,
    ...told,
    lang: language,
    detail: fault.detail,
    ...(fault.path === undefined ? {} : { path: fault.path }),
    ...(updateId === undefined ? {} : { updateId }),
  };
}
