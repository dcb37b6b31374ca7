import { parseCommandLine } from '../../launcher/cli/parse.ts';

/** The commands that a text tells people to give: whatever stands in backquotes, or behind a colon at its end. */
export function commandsIn(text: string): readonly string[] {
  const quoted = Array.from(text.matchAll(/`(om-launcher [^`]+)`/g), (match) => match[1] ?? '');
  const last = /: (om-launcher .+)$/.exec(text.replaceAll(/`[^`]*`/g, ''))?.[1];
  return last === undefined ? quoted : [...quoted, last];
}

/** What the launcher's own command line makes of it: undefined when it is understood, else its complaint. */
export function complaintAbout(command: string): string | undefined {
  const said: string[] = [];
  const output = { write: (written: string) => void said.push(written), isTerminal: false, columns: 100 };
  const parsed = parseCommandLine(wordsOf(command).slice(1), {
    output: { output, errorOutput: output },
    launcherVersion: '0',
    now: () => 0,
  });
  return parsed.kind === 'over' && parsed.status === 'wrong-usage' ? said.join('') : undefined;
}

/** Words, with "…" around those that hold blanks; placeholders of texts and usages get a plain value. */
function wordsOf(command: string): readonly string[] {
  const plain = command.replaceAll(/\{\w+\}|\b(VERSION|FILE|NAME)\b/g, 'x1');
  return Array.from(plain.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '');
}
