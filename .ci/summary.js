// @ts-check
// Prints what was skipped and, last, `N passed, N failed, N skipped`. In CI a test may skip for one
// reason only: that it needs the shared data, where there is none. Exit 1 when one skipped otherwise,
// when any failed, or when none ran.
import { existsSync, readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(String(process.argv[2]), 'utf8'));
const hasShared = existsSync(process.env['OMNISEARCH_SHARED'] ?? '../shared');

let passed = 0;
let failed = 0;
const skipped = [];
for (const file of report.testResults) {
  // A file that could not even be loaded has no tests to fail.
  if (file.status === 'failed' && file.assertionResults.length === 0) failed += 1;
  for (const { status, fullName } of file.assertionResults) {
    if (status === 'passed') passed += 1;
    else if (status === 'failed') failed += 1;
    else skipped.push(fullName);
  }
}
const unexcused = skipped.filter((name) => hasShared || !/shared/i.test(name));
for (const name of skipped) console.log(`skipped: ${name}`);
for (const name of unexcused) console.log(`must not skip in CI: ${name}`);
console.log(`${passed} passed, ${failed + unexcused.length} failed, ${skipped.length} skipped`);
process.exitCode = passed === 0 || failed > 0 || unexcused.length > 0 ? 1 : 0;
