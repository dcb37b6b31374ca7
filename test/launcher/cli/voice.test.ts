import { describe, expect, it } from 'vitest';
import type { GlobalOptions } from '../../../launcher/cli/request.ts';
import { createVoice, type Voice } from '../../../launcher/cli/voice.ts';
import { faultOf } from '../../../platform/fault.ts';
import { recordingOutputs } from './outputs.ts';
import { START_MS } from './views.ts';

const USUAL: GlobalOptions = { json: false, quiet: false, color: true };

function speak(
  globals: Partial<GlobalOptions>,
  more: { readonly columns?: number; readonly environment?: Readonly<Record<string, string>> } = {},
): { readonly voice: Voice; readonly said: () => string; readonly complained: () => string } {
  const outputs = recordingOutputs(more.columns);
  const voice = createVoice(
    { own: outputs, machine: { environment: more.environment ?? {} }, clock: { now: () => START_MS } },
    { ...USUAL, ...globals },
    'en',
  );
  return { voice, said: () => outputs.output.text(), complained: () => outputs.errorOutput.text() };
}

function sayAll(voice: Voice): void {
  voice.lines(['a line']);
  voice.event('an event');
  voice.object({ an: 'object' });
  voice.verdict('the verdict');
}

describe('the voice of a verb', () => {
  it.each([
    ['for people', {}, 'a line\n2026-01-05T02:00:00.000Z an event\nthe verdict\n'],
    ['quiet', { quiet: true }, 'the verdict\n'],
    ['for programs', { json: true }, '{"an":"object"}\n'],
    ['for programs, quiet', { json: true, quiet: true }, '{"an":"object"}\n'],
  ])('%s', (_, globals, expected) => {
    const { voice, said } = speak(globals);
    sayAll(voice);
    expect(said()).toBe(expected);
  });

  it('tells a fault with its remedy and code on the error output, and gives its status', () => {
    const { voice, said, complained } = speak({});
    expect(voice.fault(faultOf('folder-missing', 'not there', { path: '/om' }))).toBe(7);
    expect(said()).toBe('');
    expect(complained()).toMatch(/^Failed: .*not there \(\/om\)\nWhat to do: .* \[folder-missing\]\n$/);
  });

  it('takes the words of the launcher, which knows how the server is', () => {
    const { voice, complained } = speak({});
    const values = { message: 'It failed · The server is running', remedy: 'Do this.' };
    voice.fault(faultOf('update-running', 'why', { values }));
    expect(complained()).toBe('Failed: It failed · The server is running\nWhat to do: Do this. [update-running]\n');
  });

  it('tells a fault as an object with --json, with the id of the order in the way', () => {
    const { voice, said, complained } = speak({ json: true });
    voice.fault(faultOf('update-running', 'why', { values: { message: 'm', remedy: 'r', updateId: 'abc' } }));
    expect(JSON.parse(said())).toEqual({
      error: { code: 'update-running', message: 'm', remedy: 'r', lang: 'en', detail: 'why', updateId: 'abc' },
    });
    expect(complained()).toBe('');
  });

  it.each([
    ['a terminal', {}, {}, 80, true],
    ['a pipe', {}, {}, undefined, false],
    ['--no-color', { color: false }, {}, 80, false],
    ['NO_COLOR', {}, { NO_COLOR: '1' }, 80, false],
    ['an empty NO_COLOR', {}, { NO_COLOR: '' }, 80, true],
    ['a dumb terminal', {}, { TERM: 'dumb' }, 80, false],
  ])('has colours on %s?', (_, globals, environment, columns, colored) => {
    const { voice, complained } = speak(globals, { environment, ...(columns === undefined ? {} : { columns }) });
    voice.fault(faultOf('unexpected', 'x'));
    expect(complained().includes('\u001b[')).toBe(colored);
    expect(voice.style.good('x') !== 'x').toBe(colored);
  });

  it.each([
    ['a terminal', {}, 80, true],
    ['a pipe', {}, undefined, false],
    ['--json', { json: true }, 80, false],
    ['--quiet', { quiet: true }, 80, false],
  ])('redraws in place on %s?', (_, globals, columns, redraws) => {
    const { voice } = speak(globals, columns === undefined ? {} : { columns });
    expect(voice.screen !== undefined).toBe(redraws);
  });
});
