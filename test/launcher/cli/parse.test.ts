import { describe, expect, it } from 'vitest';
import { parseCommandLine, type Parsed } from '../../../launcher/cli/parse.ts';
import { VERBS } from '../../../launcher/cli/program.ts';
import { recordingOutputs } from './outputs.ts';

/** 5 January 2026, 12:00 on the clock of the machine that runs the tests. */
const NOON = new Date(2026, 0, 5, 12, 0, 0).getTime();

function parse(line: string): { readonly parsed: Parsed; readonly output: string; readonly errorOutput: string } {
  const outputs = recordingOutputs();
  const args = line === '' ? [] : line.split(' ');
  const parsed = parseCommandLine(args, { output: outputs, launcherVersion: '9.9.9', now: () => NOON });
  return { parsed, output: outputs.output.text(), errorOutput: outputs.errorOutput.text() };
}

const GLOBALS = { json: false, quiet: false, color: true };
const ORDER = { acceptAged: false, dryRun: false, wait: true };
const localIso = (day: number, hour: number, minute: number): string =>
  new Date(2026, 0, day, hour, minute, 0).toISOString();

describe('the command line', () => {
  it.each([
    ['', { verb: 'run' }],
    ['run', { verb: 'run' }],
    ['status', { verb: 'status', watch: false }],
    ['--status', { verb: 'status', watch: false }],
    ['status --watch', { verb: 'status', watch: true }],
    ['check', { verb: 'check' }],
    ['update', { verb: 'update', ...ORDER }],
    ['update --to 2026.2.0', { verb: 'update', version: '2026.2.0', ...ORDER }],
    ['update --delay 90s', { verb: 'update', delaySeconds: 90, ...ORDER }],
    ['update --delay 2m', { verb: 'update', delaySeconds: 120, ...ORDER }],
    ['update --delay 1h', { verb: 'update', delaySeconds: 3600, ...ORDER }],
    ['update --delay 0', { verb: 'update', delaySeconds: 0, ...ORDER }],
    ['update --at 22:00', { verb: 'update', notBefore: localIso(5, 22, 0), ...ORDER }],
    ['update --at 7:05', { verb: 'update', notBefore: localIso(6, 7, 5), ...ORDER }],
    ['update --at 12:00', { verb: 'update', notBefore: localIso(6, 12, 0), ...ORDER }],
    ['update --at 2026-02-01T22:00:00Z', { verb: 'update', notBefore: '2026-02-01T22:00:00.000Z', ...ORDER }],
    ['update --notify a@b.ch', { verb: 'update', notifyEmail: 'a@b.ch', ...ORDER }],
    ['update --from x.omu --accept-aged', { verb: 'update', fromFile: 'x.omu', ...ORDER, acceptAged: true }],
    ['update --dry-run', { verb: 'update', ...ORDER, dryRun: true }],
    ['update --no-wait', { verb: 'update', ...ORDER, wait: false }],
    ['cancel', { verb: 'cancel' }],
    ['postpone', { verb: 'postpone' }],
    ['postpone 5m', { verb: 'postpone', seconds: 300 }],
    ['rollback', { verb: 'rollback', data: false, wait: true }],
    ['--rollback --data', { verb: 'rollback', data: true, wait: true }],
    ['rollback --to 1.0 --no-wait', { verb: 'rollback', version: '1.0', data: false, wait: false }],
    ['releases', { verb: 'releases' }],
    ['start', { verb: 'start' }],
    ['stop', { verb: 'stop' }],
    ['restart', { verb: 'restart' }],
    ['history', { verb: 'history', count: 20 }],
    ['history -n 3', { verb: 'history', count: 3 }],
    ['logs', { verb: 'logs', follow: false, count: 50 }],
    ['logs -f -n 5', { verb: 'logs', follow: true, count: 5 }],
    ['notes', { verb: 'notes' }],
    ['notes 2026.2.0', { verb: 'notes', version: '2026.2.0' }],
    ['config check', { verb: 'config check' }],
    ['config show', { verb: 'config show' }],
    ['config schema', { verb: 'config schema' }],
    ['service install --take-over OM_Business', { verb: 'service install', takeOver: 'OM_Business' }],
    ['service uninstall', { verb: 'service uninstall' }],
    ['service status OM_Business', { verb: 'service status', name: 'OM_Business' }],
    ['token create bob', { verb: 'token create', name: 'bob', scope: 'read' }],
    ['token create bob --scope admin', { verb: 'token create', name: 'bob', scope: 'admin' }],
    ['token list', { verb: 'token list' }],
    ['token revoke bob', { verb: 'token revoke', name: 'bob' }],
  ])('%s', (line, request) => {
    expect(parse(line).parsed).toEqual({ kind: 'request', request, globals: GLOBALS });
  });

  it.each([
    ['--config a.json', { ...GLOBALS, config: 'a.json' }],
    ['--config a.json status', { ...GLOBALS, config: 'a.json' }],
    ['status --config a.json', { ...GLOBALS, config: 'a.json' }],
    ['--config status check', { ...GLOBALS, config: 'status' }],
    ['--config a.json status --config b.json', { ...GLOBALS, config: 'b.json' }],
    ['status --json --quiet', { ...GLOBALS, json: true, quiet: true }],
    ['--json status', { ...GLOBALS, json: true }],
    ['--no-color status', { ...GLOBALS, color: false }],
    ['token list --no-color', { ...GLOBALS, color: false }],
    ['--lang fr config check', { ...GLOBALS, language: 'fr' }],
  ])('takes options of every verb before and after it: %s', (line, globals) => {
    const { parsed } = parse(line);
    expect(parsed.kind === 'request' && parsed.globals).toEqual(globals);
  });

  it.each([
    ['updat', /Did you mean update/],
    ['status extra', /too many arguments/],
    ['--status check', /too many arguments/],
    ['update --delay 5x', /Write a duration/],
    ['update --delay 25h', /Write a duration/],
    ['update --at 24:00', /Write a time of day/],
    ['update --at tomorrow', /Write a time of day/],
    ['update --notify nobody', /e-mail address/],
    ['update --notify a@b,c@d', /e-mail address/],
    ['update --to ../x', /Write a version/],
    ['update --delai 5s', /unknown option/],
    ['status --lang es', /Write one of en, fr, de, it/],
    ['history -n 0', /whole number/],
    ['postpone soon', /Write a duration/],
    ['token create', /missing required argument/],
    ['token create bob --scope root', /Write one of read, update, admin/],
    ['config', /Usage: om-launcher config/],
    ['status --config', /argument missing/],
    ['users', /unknown command/],
    ['doctor', /unknown command/],
  ])('refuses %s', (line, told) => {
    const { parsed, errorOutput } = parse(line);
    expect(parsed).toEqual({ kind: 'over', status: 'wrong-usage' });
    expect(errorOutput).toMatch(told);
  });

  it('shows usage and version without doing anything', () => {
    const help = parse('--help');
    expect(help.parsed).toEqual({ kind: 'over', status: 'shown' });
    for (const { verb } of VERBS) expect(help.output).toContain(`  ${verb.split(' ')[0] ?? ''} `);
    expect(parse('--version')).toMatchObject({ parsed: { status: 'shown' }, output: '9.9.9\n' });
    expect(parse('update --help').output).toContain('--accept-aged');
  });
});
