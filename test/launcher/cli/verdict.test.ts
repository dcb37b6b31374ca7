import { describe, expect, it } from 'vitest';
import { commandLineDocument } from '../../../launcher/cli/document.ts';
import { EXIT, EXIT_MEANINGS, exitStatusOf } from '../../../launcher/cli/exit-status.ts';
import { VERBS } from '../../../launcher/cli/program.ts';
import { verdictOf } from '../../../launcher/cli/verdict.ts';
import { FAULT_CODES } from '../../../platform/fault.ts';
import type { UpdateView } from '../../../launcher/api/schemas.ts';
import { LANGUAGES } from '../../../supervisor/sessions/sessions.ts';
import { drainingUpdate } from './views.ts';

describe('the verdict on an order', () => {
  it.each([
    ['updated', undefined, true, 0, 'Updated from 2026.1.0 to 2026.2.0. The server is running.'],
    ['rolled-back', undefined, true, 0, 'Previous version restored: 2026.2.0. The server is running.'],
    [
      'fell-back',
      'server-not-ready',
      true,
      1,
      'The update failed; the previous version 2026.1.0 was restored and is running.',
    ],
    ['cancelled', 'cancelled', true, 1, 'Cancelled; the installed version stays.'],
    ['held', 'file-held', true, 1, 'The update stopped and needs a person.'],
    ['held', 'file-held', false, 8, 'It failed, and the server is down.'],
    ['refused', 'folder-missing', true, 7, 'Not carried out; nothing was changed.'],
    ['refused', 'space-short', true, 7, 'Not carried out; nothing was changed.'],
    ['refused', 'nothing-to-do', true, 6, 'There is nothing to do.'],
    ['refused', 'signature-invalid', true, 9, 'Not trusted; nothing was installed.'],
    ['refused', 'metadata-expired', true, 9, 'Not trusted; nothing was installed.'],
    ['refused', 'no-permission', true, 4, 'This account may not do that; use an administrator’s.'],
    ['refused', 'a-code-of-tomorrow', true, 1, 'Not carried out; nothing was changed.'],
  ] as const)('%s (%s), server runs: %s → %i', (state, code, serverRuns, status, text) => {
    const error = code === undefined ? {} : { error: { code, message: 'm', remedy: 'r', lang: 'en' } };
    expect(verdictOf(drainingUpdate({ state, ...error }), serverRuns, 'en')).toEqual({ status, text });
  });

  it('is said in every language', () => {
    const states: readonly UpdateView['state'][] = ['updated', 'fell-back', 'held', 'refused', 'running'];
    for (const state of states) {
      const texts = LANGUAGES.map((language) => verdictOf(drainingUpdate({ state }), false, language).text);
      expect(new Set(texts).size).toBe(LANGUAGES.length);
    }
  });
});

describe('exit statuses', () => {
  it('are explained, each once', () => {
    expect(EXIT_MEANINGS.map(([status]) => status)).toEqual(Object.values(EXIT));
  });

  it.each(FAULT_CODES)('%s has one of them, and never "done"', (code) => {
    expect(Object.values(EXIT)).toContain(exitStatusOf(code));
    expect(exitStatusOf(code)).not.toBe(EXIT.done);
  });
});

describe('the reference', () => {
  it('names every verb, every option and every exit status', () => {
    const page = commandLineDocument();
    for (const { verb, options = [] } of VERBS) {
      expect(page).toContain(`### ${verb}\n`);
      for (const { name } of options) expect(page).toContain(`--${name}`);
    }
    for (const status of Object.values(EXIT)) expect(page).toContain(`| ${status} |`);
  });
});
