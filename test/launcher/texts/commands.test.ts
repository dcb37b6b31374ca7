import { describe, expect, it } from 'vitest';
import { FAULT_TEXTS } from '../../../launcher/texts/explain.ts';
import { MESSAGES } from '../../../launcher/texts/messages.ts';
import { LANGUAGES } from '../../../supervisor/sessions/sessions.ts';
import { commandsIn, complaintAbout } from '../../kit/command-mentions.ts';

describe('a command that a text names', () => {
  it('is found in texts, with its options', () => {
    expect(commandsIn('See `om-launcher logs`; then `om-launcher update --to VERSION`: om-launcher run')).toEqual([
      'om-launcher logs',
      'om-launcher update --to VERSION',
      'om-launcher run',
    ]);
  });

  it.each([
    ['om-launcher update --dry-run', undefined],
    ['om-launcher update --from "{file}"', undefined],
    ['om-launcher config check', undefined],
    ['om-launcher diagnose', /unknown command/],
    ['om-launcher config diagnose', /unknown command/],
    ['om-launcher update --print-everything', /unknown option/],
  ])('%s is judged by the command line itself', (command, complaint) => {
    if (complaint === undefined) expect(complaintAbout(command)).toBeUndefined();
    else expect(complaintAbout(command)).toMatch(complaint);
  });

  it.each(LANGUAGES)('exists, in %s', (language) => {
    const texts = [
      ...Object.values(FAULT_TEXTS).flatMap((one) => [...one[language]]),
      ...Object.values(MESSAGES).map((one) => one[language]),
    ];
    const commands = texts.flatMap(commandsIn);
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.filter((command) => complaintAbout(command) !== undefined)).toEqual([]);
  });

  it.each(Object.entries(FAULT_TEXTS))('%s: the same commands in every language', (_, texts) => {
    const commands = LANGUAGES.map((language) => texts[language].flatMap(commandsIn).sort());
    for (const others of commands) expect(others).toEqual(commands[0]);
  });
});
