/** One mistake in the configuration file, ready to be shown: where, what was expected, what stands there, what to write instead. */
export interface ConfigurationMistake {
  readonly file: string;
  /** From 1; 1 where nothing of the file can be pointed at. */
  readonly line: number;
  readonly column: number;
  /** In the file, e.g. `server.stop.kill` or `server.health.probes[0].url`; empty for the file itself. */
  readonly path: string;
  readonly expected: string;
  /** What stands there, shortened; never a secret. */
  readonly found: string;
  readonly suggestion?: string;
}

/** A mistake before it is known where in the text it lies. */
export interface MistakeAt {
  readonly path: DocumentPath;
  /** Point at the key rather than at its value. */
  readonly at: 'key' | 'value';
  readonly expected: string;
  readonly found: string;
  readonly suggestion?: string;
}

export type DocumentPath = readonly (string | number)[];

/** `['data', 'paths', 0]` → `data.paths[0]`. */
export function showPath(path: DocumentPath): string {
  return path.reduce<string>((shown, part) => {
    if (typeof part === 'number') return `${shown}[${part}]`;
    const name = /^[A-Za-z_$][\w$-]*$/.test(part) ? part : JSON.stringify(part);
    return shown === '' ? name : `${shown}.${name}`;
  }, '');
}

/**
 * Mistakes for people, one block each, aligned:
 * ```
 * om-launcher.json:7:15  server.stop.kill
 *     expected    one of "last-resort", "never"
 *     found       "nevr"
 *     suggestion  write "never"
 * ```
 */
export function renderMistakes(mistakes: readonly ConfigurationMistake[]): string {
  return mistakes.map(renderMistake).join('\n');
}

function renderMistake(mistake: ConfigurationMistake): string {
  const place = `${mistake.file}:${mistake.line}:${mistake.column}`;
  return [
    mistake.path === '' ? place : `${place}  ${mistake.path}`,
    `    expected    ${mistake.expected}`,
    `    found       ${mistake.found}`,
    ...(mistake.suggestion === undefined ? [] : [`    suggestion  ${mistake.suggestion}`]),
    '',
  ].join('\n');
}
