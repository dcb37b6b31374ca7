import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';

interface Check {
  readonly name: string;
  /** A script of a package or of the project, relative to the project, and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  /** What mends it, where a command does. */
  readonly remedy?: string;
}

const root = path.resolve(import.meta.dirname, '..');
const CHECKS: readonly Check[] = [
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: [] },
  {
    name: 'lint',
    script: 'node_modules/eslint/bin/eslint.js',
    args: ['.', '--cache', '--cache-location', '.cache/eslint'],
  },
  {
    name: 'format',
    script: 'node_modules/prettier/bin/prettier.cjs',
    args: ['--check', '--cache', '--cache-location', '.cache/prettier', '.'],
    remedy: 'npm run format',
  },
  { name: 'layout', script: 'node_modules/vitest/vitest.mjs', args: ['run', 'test/layout.test.ts'] },
  { name: 'dead code', script: 'node_modules/knip/bin/knip.js', args: ['--no-progress'] },
  { name: 'generated pages', script: 'scripts/docs.ts', args: ['--check'], remedy: 'npm run docs' },
];
/** Two at a time: the compiler and the linter each fill one of the two cores of a small machine. */
const AT_ONCE = 2;

const waiting = [...CHECKS];
let failed = 0;
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(failed === 0 ? 'all checks passed' : `${failed} of ${CHECKS.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const started = Date.now();
    const { ok, output } = await run(check);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${check.name} (${seconds} s)`);
    if (ok) continue;
    failed += 1;
    console.log(output.trimEnd());
    if (check.remedy) console.log(`→ ${check.remedy}`);
  }
}

async function run({ script, args }: Check): Promise<{ readonly ok: boolean; readonly output: string }> {
  const file = path.join(root, script);
  if (!existsSync(file)) return { ok: false, output: `${script} is missing: run npm ci` };
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { ok: code === 0, output: `${output}${errors}` };
}
