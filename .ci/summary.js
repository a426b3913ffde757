// @ts-check
// Usage: summary.js REPORT [STEP THAT FAILED …]. Prints what failed and what was skipped and, last,
// `N passed, N failed, N skipped`. In CI a test may skip for one reason only: that it needs the shared
// data, where there is none. Exit 1 when anything failed or skipped otherwise, or when no test ran.
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ status: string, fullName: string }} Test */
/** @typedef {{ name: string, status: string, message: string, assertionResults: Test[] }} TestFile */

const TESTS = 'build and tests';
const [path = '', ...failedSteps] = process.argv.slice(2);
const hasShared = existsSync(process.env['OMNISEARCH_SHARED'] ?? '../shared');

const files = readReport();
const tests = files.flatMap((file) => file.assertionResults);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
// A file that could not be loaded, or whose hooks failed, may have no test that failed.
for (const { name, status, assertionResults } of files) {
  const told = assertionResults.some((test) => test.status === 'failed');
  if (status === 'failed' && !told) failed.push(name);
}
for (const { fullName } of skipped) {
  console.log(`skipped: ${fullName}`);
  if (hasShared || !/shared/i.test(fullName)) failed.push(`must not skip in CI: ${fullName}`);
}
// The step of the tests is told by its tests, unless they say that all is well.
failed.push(...failedSteps.filter((step) => step !== TESTS || failed.length === 0));
if (passed.length === 0 && failed.length === 0) failed.push('no test ran');

for (const name of failed) console.log(`failed: ${name}`);
console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Without a report no test ran to its end. @returns {TestFile[]} */
function readReport() {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text === '' ? [] : JSON.parse(text).testResults;
}
