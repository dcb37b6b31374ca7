import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { noteText, noticeTexts, serverNow, stepName } from '../../../launcher/texts/describe.ts';
import { explainFault, FAULT_TEXTS } from '../../../launcher/texts/explain.ts';
import { fill, placeholdersOf } from '../../../launcher/texts/fill.ts';
import { formatBytes, formatDuration, formatTime } from '../../../launcher/texts/format.ts';
import { MESSAGES, say } from '../../../launcher/texts/messages.ts';
import { runbookDocument } from '../../../launcher/texts/runbook.ts';
import { SERVER_STATES, STEP_NAMES, UPDATE_STATES } from '../../../launcher/texts/state-messages.ts';
import { FAULT_CODES, faultOf } from '../../../platform/fault.ts';
import { LANGUAGES } from '../../../supervisor/sessions/sessions.ts';

const NEUTRAL = ['path', 'account'];
const ALL = {
  ...MESSAGES,
  ...STEP_NAMES,
  ...SERVER_STATES,
  ...UPDATE_STATES,
} as const;

describe('translations', () => {
  it('cover exactly the fault codes', () => {
    expect(Object.keys(FAULT_TEXTS).sort()).toEqual([...FAULT_CODES].sort());
  });

  it.each(FAULT_CODES)('%s: four languages, same placeholders, no code shown', (code) => {
    const english = FAULT_TEXTS[code].en.map(placeholdersOf);
    for (const language of LANGUAGES) {
      const sentences = FAULT_TEXTS[code][language];
      expect(sentences.map(placeholdersOf), language).toEqual(english);
      const { message, remedy } = explainFault(faultOf(code, 'The reason.'), language, 'The server is running');
      expect(message).toMatch(/^[^·]{8,} · The server is running · The reason$/);
      expect(`${message}${remedy}`).not.toMatch(/\{\w+\}|undefined|\[ /);
      // `read-only` is also plain English.
      if (code.includes('-') && code !== 'read-only') expect(`${message}${remedy}`).not.toContain(code);
      expect(
        new Set([
          sentences[0],
          ...LANGUAGES.filter((other) => other !== language).map((other) => FAULT_TEXTS[code][other][0]),
        ]).size,
      ).toBe(4);
      for (const optional of sentences
        .join('')
        .replace(/\[[^\]]*\]/g, '')
        .matchAll(/\{(\w+)\}/g)) {
        expect(NEUTRAL, `{${optional[1]}} must be optional or have a neutral word`).toContain(optional[1]);
      }
    }
  });

  it.each(Object.entries(ALL))('%s: four languages, same placeholders', (_, texts) => {
    for (const language of LANGUAGES) {
      expect(texts[language].trim()).not.toBe('');
      expect(placeholdersOf(texts[language]), language).toEqual(placeholdersOf(texts.en));
    }
  });

  it('write German as in Switzerland, and typographic apostrophes', () => {
    const faults = Object.values(FAULT_TEXTS).flatMap((texts) => LANGUAGES.flatMap((language) => [...texts[language]]));
    const others = Object.values(ALL).flatMap((texts) => LANGUAGES.map((language) => texts[language]));
    for (const text of [...faults, ...others]) {
      expect(text).not.toContain('ß');
      expect(text).not.toMatch(/\p{L}'\p{L}/u);
    }
  });
});

describe('explaining a fault', () => {
  const cause = faultOf('no-permission', 'EACCES', {
    path: '/srv/om/OM Business',
    operation: 'rename',
    account: 'om_service',
  });
  const fault = faultOf('rights-missing', 'The folder cannot be renamed.', { cause });

  it('says what failed, how the server is, why with path and account, and what to do', () => {
    expect(
      explainFault(fault, 'de', serverNow({ kind: 'up', since: 0, process: PROCESS, version: '22.1' }, 'de')),
    ).toEqual({
      message:
        'Dem Konto fehlen Rechte auf den Ordner Office Maker. · Der Server läuft (Version 22.1) · The folder cannot be renamed ← EACCES (/srv/om/OM Business, Konto om_service)',
      remedy:
        'Geben Sie om_service volle Rechte auf /srv/om/OM Business und starten Sie dann `om-launcher update --dry-run`.',
    });
  });

  it('formats sizes in the language', () => {
    const short = faultOf('space-short', 'Too little space.', {
      path: '/srv',
      values: { neededBytes: 2_100_000_000, freeBytes: 300_000_000 },
    });
    expect(explainFault(short, 'fr', '').message).toMatch(
      /^La place sur le disque ne suffit pas \(2,1.Go nécessaires, 300.Mo libres\)\. · /,
    );
  });

  it('takes an unknown code of a newer launcher as unexpected', () => {
    const newer = JSON.parse('{"code":"from-the-future","detail":"x"}') as typeof fault;
    expect(explainFault(newer, 'en', '').message).toBe('Something unexpected happened. · x');
  });

  it('lets no value add a line or a placeholder', () => {
    const evil = faultOf('no-permission', 'x\r\nBcc: y', { path: '/a\n{account}', account: 'z' });
    expect(explainFault(evil, 'en', '').message).toBe(
      'The system refused access. · x Bcc: y (/a {account}, account z)',
    );
  });
});

const PROCESS = { pid: 1, startTime: '1', bootId: '1' };

describe('values in words', () => {
  it('leaves optional pieces out when a value is unknown', () => {
    expect(fill('A[ from {from} to {to}].', { from: '1', to: undefined }, 'en')).toBe('A.');
    expect(fill('A[ from {from} to {to}].', { from: '1', to: '2' }, 'en')).toBe('A from 1 to 2.');
  });

  it.each([
    [0, '0 seconds'],
    [1_000, '1 second'],
    [1_440, '1.4 seconds'],
    [90_000, '1 minute 30 seconds'],
    [3_600_000, '1 hour'],
    [90_061_000, '1 day 1 hour'],
  ])('%i ms', (milliseconds, text) => expect(formatDuration(milliseconds, 'en')).toBe(text));

  it('follows each language', () => {
    expect(formatDuration(60_000, 'it')).toBe('1 minuto');
    expect(formatDuration(10_000, 'de')).toBe('10 Sekunden');
    expect(formatBytes(1_234_567, 'en')).toMatch(/^1\.2.MB$/);
    expect(formatTime(Date.UTC(2026, 0, 5, 21, 7), 'de', 'Europe/Zurich')).toBe('05.01.2026, 22:07');
  });

  it('names steps, and leaves unknown ones as they are', () => {
    expect(stepName('carryOver', 'fr')).toBe('Reprendre les réglages');
    expect(stepName('teleport', 'fr')).toBe('teleport');
  });

  it('tells users to save, with the time left, in every language', () => {
    expect(noticeTexts('update-soon', 90)).toEqual({
      en: expect.stringMatching(/save now.*1 minute 30 seconds/) as string,
      fr: expect.stringMatching(/Enregistrez et quittez.*1\sminute 30\ssecondes/) as string,
      de: expect.stringMatching(/speichern.*1 Minute 30 Sekunden/) as string,
      it: expect.stringMatching(/Salvate e uscite.*1 minuto 30 secondi/) as string,
    });
  });

  it('shows a transfer', () => {
    const note = { kind: 'transfer', doneBytes: 34, totalBytes: 100, rate: 6 } as const;
    expect(noteText(note, 'en')).toBe('34% of 100 byte · 6 byte/s · 11 seconds left');
  });

  it('joins verdicts', () => {
    expect(say('fr', 'verdict.updated', { from: '1.0', to: '1.1' })).toBe(
      'Mise à jour effectuée, de 1.0 à 1.1. Le serveur fonctionne.',
    );
    expect(say('de', 'verdict.updated', { from: undefined, to: '1.1' })).toBe('Aktualisiert. Der Server läuft.');
  });
});

it('docs/runbook.md is fresh', async () => {
  const written = readFileSync(join(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
  expect(await format(runbookDocument(), { parser: 'markdown', printWidth: 120 })).toBe(written);
});
