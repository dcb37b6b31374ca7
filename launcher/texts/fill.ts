import type { Language } from '../../supervisor/sessions/sessions.ts';

/** What stands for a value that is not known, so that a sentence stays a sentence. */
const UNKNOWN: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { path: 'the place named in the log', account: 'the launcher’s account' },
  fr: { path: 'l’emplacement indiqué dans le journal', account: 'l’utilisateur du lanceur' },
  de: { path: '(Pfad siehe Log)', account: 'dem Konto des Launchers' },
  it: { path: 'questa posizione (vedere il log)', account: 'questo account' },
};

export type Values = Readonly<Record<string, string | number | undefined>>;

/** Values longer than this are cut: they may come from outside. */
const VALUE_LIMIT = 300;

/**
 * Puts values into a text: `{name}` becomes its value, `[… {name} …]` vanishes when one of its values is unknown.
 *
 * Line breaks and control characters of values become spaces, so that no value can add a line to a mail or a log.
 */
export function fill(template: string, values: Values, language: Language): string {
  return template
    .replace(/\[([^[\]]*\{[^[\]]*)\]/g, (_, piece: string) =>
      placeholdersOf(piece).every((name) => known(values, name)) ? piece : '',
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return value === undefined ? (UNKNOWN[language][name] ?? '…') : flat(String(value));
    });
}

/** Names of the placeholders in a text, each once, sorted. */
export function placeholdersOf(template: string): string[] {
  return [...new Set(Array.from(template.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? ''))].sort();
}

function known(values: Values, name: string): boolean {
  return values[name] !== undefined && values[name] !== '';
}

function flat(value: string): string {
  const line = value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return line.length <= VALUE_LIMIT ? line : `${line.slice(0, VALUE_LIMIT - 1)}…`;
}
