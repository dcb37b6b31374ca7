import { readFileSync } from 'node:fs';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Prints `N passed, N failed` of a test report. A file that could not even be loaded counts as a failure. */
const [, , file = ''] = process.argv;
const files = readReport(file).testResults;
const tests = files.flatMap(({ assertionResults }) => assertionResults);
const broken = files.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
);
for (const { name } of broken) console.log(`could not be run to its end: ${name}`);
const passed = tests.filter(({ status }) => status === 'passed').length;
const failed = tests.filter(({ status }) => status === 'failed').length + broken.length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Without a report the test run itself broke down. */
function readReport(name: string): Report {
  try {
    return JSON.parse(readFileSync(name, 'utf8')) as Report;
  } catch {
    return { testResults: [{ name: 'the whole run', status: 'failed', assertionResults: [] }] };
  }
}
