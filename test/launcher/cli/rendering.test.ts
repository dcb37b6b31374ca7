import { describe, expect, it } from 'vitest';
import type { ProbeView } from '../../../launcher/api/schemas.ts';
import { probeLine } from '../../../launcher/cli/probe-line.ts';
import { statusLines } from '../../../launcher/cli/status-lines.ts';
import { changesBetween, changeText, createNoteFilter } from '../../../launcher/cli/step-changes.ts';
import { stepList } from '../../../launcher/cli/step-list.ts';
import { alignRows, createStyle, cut, shortDuration, table, widthOf } from '../../../launcher/cli/style.ts';
import { launcherLine } from '../../../launcher/cli/log-line.ts';
import { probeView } from '../../../launcher/views/probe-view.ts';
import { faultOf } from '../../../platform/fault.ts';
import { LANGUAGES } from '../../../supervisor/sessions/sessions.ts';
import { at, drainingUpdate, START_MS, step } from './views.ts';

const PLAIN = createStyle(false);
const NOW = START_MS + 92_000;

describe('the step list', () => {
  const list = (columns: number, language: (typeof LANGUAGES)[number] = 'en', colored = false) =>
    stepList(drainingUpdate(), { language, columns, nowMs: NOW, style: createStyle(colored) });

  it('shows sign, name, time and note of every step', () => {
    expect(list(100)).toEqual([
      'Update 2026.1.0 → 2026.2.0 · order 4f21a0c9 · by root',
      '✓ Check conditions                     1.2 s',
      '✓ Download                        1 min 14 s',
      '▸ Wait for users to leave               12 s  2 users are connected · 30 seconds left',
      '· Stop the server',
      '· Put the new version in place',
    ]);
  });

  it('speaks the four languages', () => {
    expect(LANGUAGES.map((language) => list(100, language)[3]?.split(/ {2,}/)[0])).toEqual([
      '▸ Wait for users to leave',
      '▸ Attendre le départ des utilisateurs',
      '▸ Auf Abmeldungen warten',
      '▸ Attendere l’uscita degli utenti',
    ]);
    expect(list(100, 'fr')[0]).toBe('Mise à jour 2026.1.0 → 2026.2.0 · ordre 4f21a0c9 · par root');
  });

  it.each([20, 33, 40, 60, 80, 100, 200])('is never wider than %i columns, with and without colours', (columns) => {
    for (const language of LANGUAGES) {
      for (const line of [...list(columns, language), ...list(columns, language, true)]) {
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('cuts a note with an ellipsis where it does not fit', () => {
    expect(list(60)[3]).toBe('▸ Wait for users to leave               12 s  2 users are c…');
  });

  it('colours by the state, and only when asked to', () => {
    const [, done, , running, waiting] = list(100, 'en', true);
    expect(done?.startsWith('\u001b[32m✓\u001b[39m')).toBe(true);
    expect(running?.startsWith('\u001b[1m▸\u001b[22m')).toBe(true);
    expect(waiting?.startsWith('\u001b[2m·\u001b[22m')).toBe(true);
    expect(list(100).join('')).not.toContain('\u001b');
  });
});

describe('changes of an order', () => {
  it('are everything past waiting at first, then only what is new', () => {
    const first = drainingUpdate();
    expect(changesBetween(undefined, first).map(({ step: name, state }) => `${name} ${state}`)).toEqual([
      'preflight done',
      'download done',
      'drain running',
    ]);
    expect(changesBetween(first, drainingUpdate())).toEqual([]);
    const later = drainingUpdate({
      steps: [
        ...first.steps.slice(0, 2),
        step('drain', 'done', { startedAt: at(80), endedAt: at(110) }),
        step('stop', 'running', { startedAt: at(110) }),
        step('swap', 'waiting'),
      ],
    });
    expect(changesBetween(first, later)).toEqual([
      { step: 'drain', state: 'done', at: at(110), durationMs: 30_000 },
      { step: 'stop', state: 'running', at: at(110) },
    ]);
  });

  it('are told in one line each', () => {
    const change = { step: 'download', state: 'done', durationMs: 74_000 } as const;
    expect(LANGUAGES.map((language) => changeText(change, language))).toEqual([
      'Download: done (1 min 14 s)',
      'Télécharger: terminé (1 min 14 s)',
      'Herunterladen: fertig (1 min 14 s)',
      'Scaricare: fatto (1 min 14 s)',
    ]);
    expect(changeText({ step: 'drain', state: 'failed', note: 'why' }, 'en')).toBe(
      'Wait for users to leave: failed · why',
    );
  });

  it('tell progress of one step only now and then, and its states always', () => {
    let now = 0;
    const passes = createNoteFilter(() => now);
    const running = { step: 'download', state: 'running', note: '1 %' } as const;
    expect([passes(running), passes(running)]).toEqual([true, false]);
    now = 9_999;
    expect(passes(running)).toBe(false);
    now = 10_000;
    expect([passes(running), passes({ ...running, state: 'done' })]).toEqual([true, true]);
  });
});

const VIEW = { language: 'en', style: PLAIN, nowMs: NOW } as const;

describe('status for people', () => {
  it.each([
    [{ state: 'waiting', nextAction: 'start' }, 8, /^Next +Start the server · .+ \(in 8\.0 s\)$/m],
    [{ state: 'starting', nextAction: 'ready-limit', progress: 'index 3 of 7' }, 290, /^Progress +index 3 of 7$/m],
    [{ state: 'starting', nextAction: 'ready-limit' }, 290, /^Next +ready at the latest; .+ \(in 4 min 50 s\)$/m],
    [{ state: 'up', nextAction: 'check' }, 7_200, /^Next +[^()]+$/m],
    [
      {
        state: 'waiting',
        nextAction: 'start',
        restarts: { crashes: 1, windowSeconds: 600, attempt: 1, untilGone: true },
      },
      90,
      /Start the server as soon as what is in the way is gone, at the latest at .+ \(in 1 min 30 s\)$/m,
    ],
  ])('%o: what comes next in %i s', (more, seconds, text) => {
    const nextActionAt = new Date(NOW + seconds * 1_000).toISOString();
    const status = { name: 'demo', launcherVersion: '1', launcherProcessId: 7, warnings: [], ...more, nextActionAt };
    expect(statusLines(status, VIEW).join('\n')).toMatch(text);
  });

  it('is one thing a line, aligned', () => {
    const lines = statusLines(
      {
        name: 'demo',
        state: 'waiting',
        launcherVersion: '0.1.0',
        launcherProcessId: 7,
        version: '2026.1.0',
        rollbackTo: '2025.4.0',
        warnings: ['updates.delay: unknown key'],
      },
      VIEW,
    );
    expect(lines).toEqual([
      'Server       ● demo · The server is down and will be started again',
      'Version      2026.1.0',
      'Launcher     0.1.0 · Process 7',
      'Rollback to  2025.4.0',
      'Note         updates.delay: unknown key',
    ]);
  });
});

describe('the probes in the status', () => {
  const passed: ProbeView = {
    ...{ name: 'tcp 127.0.0.1:19813', kinds: ['startup', 'readiness', 'liveness'], passed: true },
    ...{ inARow: 128, since: at(0), latencyMs: 2 },
  };
  const fault = faultOf('server-unhealthy', 'the health page does not answer', {
    cause: faultOf('tls-expired', 'certificate has expired', {
      cause: faultOf('unexpected', 'certificate has expired'),
    }),
  });

  it.each([
    ['en', /^✓ tcp 127\.0\.0\.1:19813 · passed 128× since .+ · 2 ms$/],
    ['fr', /réussi 128× depuis/],
    ['de', /128× bestanden seit/],
    ['it', /riuscito 128× da/],
  ] as const)('say in %s how often they passed', (language, text) => {
    expect(probeLine(passed, language, PLAIN)).toMatch(text);
  });

  it('say of one that fails what it is for and why, down to the last cause', () => {
    const facts = { name: 'login page', kinds: ['readiness'] as const, passed: false, inARow: 4, latencyMs: 12.4 };
    const view = probeView({ ...facts, since: START_MS, fault });
    expect(view).toMatchObject({ latencyMs: 12, since: at(0) });
    expect(probeLine(view, 'en', PLAIN)).toMatch(
      /^✗ login page · readiness · failed 4× since .+ · the health page does not answer: certificate has expired$/,
    );
  });

  it('stand one below the other', () => {
    const status = { name: 'demo', state: 'up', launcherVersion: '1', launcherProcessId: 7, warnings: [] };
    const lines = statusLines({ ...status, probes: [passed, passed] }, VIEW);
    expect(lines.filter((line) => line.includes('✓')).map((line) => line.slice(0, 15))).toEqual([
      'Probes       ✓ ',
      '             ✓ ',
    ]);
  });
});

describe('texts on a terminal', () => {
  it.each([
    [0, '0.0 s'],
    [440, '0.4 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min 00 s'],
    [65_000, '1 min 05 s'],
    [3_600_000, '1 h 00 min'],
    [7_620_000, '2 h 07 min'],
    [-5, '0.0 s'],
  ])('%i ms are %s', (milliseconds, text) => {
    expect(shortDuration(milliseconds)).toBe(text);
  });

  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['', 3, ''],
    ['abc', 0, ''],
  ])('cuts %j to %i columns', (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
  });

  it('aligns coloured cells by what is seen of them, and leaves empty columns out', () => {
    const style = createStyle(true);
    expect(
      alignRows([
        [style.bold('a'), 'x'],
        ['bbb', 'y'],
      ])[0],
    ).toBe(`${style.bold('a')}    x`);
    expect(table(['one', 'two'], [['1', '']], PLAIN)).toEqual(['one', '1']);
  });

  it.each([
    ['{"level":30,"time":"T","msg":"ready","port":1}', 'T ready port=1'],
    ['{"level":50,"time":"T","msg":"bad"}', 'T error: bad'],
    ['not json', 'not json'],
    ['[1]', '[1]'],
  ])('shows the log line %s', (line, shown) => {
    expect(launcherLine(line)).toBe(shown);
  });
});
