/** What takes the place of a secret. */
const HIDDEN = '[hidden]';

/** Words before a value that must not leave the machine in a bundle that is sent to somebody. */
const NAMED =
  /((?:^|[^A-Za-z0-9])[\w.-]*(?:passwords?|passwd|passwort|passphrase|pwd|secret|token|api[-_]?key|credentials?|motdepasse)[\w.-]*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi;
const AUTHORIZATION = /((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^"'\r\n]+/gi;
const BEARER = /\b(bearer|basic|om-ticket)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const COOKIE = /\b((?:set-)?cookie["']?\s*[:=]\s*["']?)[^"'\r\n]+/gi;
/** In an address: `scheme://user:password@host`. */
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const WEB_TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
/** Tokens and keys of this project's kind, in hexadecimal digits. */
const LONG_HEX = /\b[0-9a-f]{40,}\b/gi;
const KEY_BEGIN = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const KEY_END = /-----END [A-Z ]*PRIVATE KEY-----/;

/** The same lines without what looks like a secret, and without `names` (paths of token files). Pure. */
export function redactLines(lines: readonly string[], names: readonly string[] = []): readonly string[] {
  let inKey = false;
  return lines.map((line) => {
    const begins = KEY_BEGIN.test(line);
    const hidden = inKey || begins;
    inKey = hidden && !KEY_END.test(line);
    return hidden ? HIDDEN : redactLine(line, names);
  });
}

function redactLine(line: string, names: readonly string[]): string {
  const unnamed = names.filter((name) => name !== '').reduce((text, name) => text.replaceAll(name, HIDDEN), line);
  return unnamed
    .replace(AUTHORIZATION, `$1${HIDDEN}`)
    .replace(COOKIE, `$1${HIDDEN}`)
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(IN_ADDRESS, `$1${HIDDEN}@`)
    .replace(WEB_TOKEN, HIDDEN)
    .replace(NAMED, `$1${HIDDEN}`)
    .replace(LONG_HEX, HIDDEN);
}
