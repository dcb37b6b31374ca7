import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Node modules that touch the machine: only platform/ (and the tests) may import them. */
const MACHINE_MODULES = [
  'fs',
  'fs/promises',
  'child_process',
  'net',
  'tls',
  'dns',
  'dns/promises',
  'http',
  'https',
  'os',
  'process',
  'timers',
  'timers/promises',
  'worker_threads',
  'undici',
  'fs-extra',
  'chokidar',
];

/** Globals that read the machine, the clock or the network. */
const MACHINE_GLOBALS = [
  'process',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'WebSocket',
  'EventSource',
];

export default defineConfig(
  { ignores: ['node_modules', 'dist', '.cache', 'coverage'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    files: ['supervisor/**', 'installer/**', 'launcher/**', 'fleet/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: MACHINE_MODULES.flatMap((name) => [name, `node:${name}`]), patterns: ['**/test/**'] },
      ],
      'no-restricted-globals': ['error', ...MACHINE_GLOBALS],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now' }],
    },
  },
  { files: ['test/**', 'scripts/**'], rules: { 'max-lines-per-function': 'off' } },
);
