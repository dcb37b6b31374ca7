import { type Language, LANGUAGES } from '../../supervisor/sessions/sessions.ts';

/** Longest header that is looked at, characters. */
const HEADER_CHARACTERS = 256;

/** A tag like `fr-CH` or `FR` as one of ours. */
export function languageOf(tag: string | undefined): Language | undefined {
  const primary = tag?.trim().slice(0, 8).toLowerCase().split('-', 1)[0];
  return LANGUAGES.find((language) => language === primary);
}

/** `?lang=` wins, then the best of `Accept-Language` (RFC 9110, 12.5.4), then the launcher's own. */
export function negotiate(asked: string | undefined, acceptLanguage: string | undefined, fallback: Language): Language {
  return languageOf(asked) ?? bestOf(acceptLanguage ?? '') ?? fallback;
}

function bestOf(header: string): Language | undefined {
  const weighted = header
    .slice(0, HEADER_CHARACTERS)
    .split(',')
    .map((range) => {
      const [tag, ...parameters] = range.split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
      return { language: languageOf(tag), quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0);
  return weighted.toSorted((left, right) => right.quality - left.quality)[0]?.language;
}
