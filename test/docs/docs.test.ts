import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(ROOT + name, 'utf8');

test('ARCHITECTURE.md has a heading for each room of src and names only files that exist', () => {
  const text = read('ARCHITECTURE.md');
  for (const { name } of readdirSync(`${ROOT}src`, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    expect(text).toContain(`\n### ${name}\n`);
  }
  const paths = [...text.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/g)].map(([, path]) => path);
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths)
    expect([path, existsSync(`${ROOT}${String(path)}`)]).toEqual([path, true]);
});

test('SPEC.md names every invariant with tests that exist', () => {
  const text = read('SPEC.md');
  for (let number = 1; number <= 12; number++)
    expect(text).toMatch(new RegExp(`^${number}\\. `, 'm'));
  const named = [...text.matchAll(/`(test\/[\w./-]+\.ts)`: "([^"]+)"/g)];
  expect(named.length).toBeGreaterThanOrEqual(9);
  for (const [, file = '', title = ''] of named) {
    expect([title, runningTests(read(file)).includes(title)]).toEqual([title, true]);
  }
});

/** The text of a test file without tests that never run: `skip` and `todo` hold nothing. */
function runningTests(text: string): string {
  return text.replaceAll(/\b(test|it|describe)\.(skip|todo)\((['"`]).*?\3/g, '');
}

test('a skipped test is not taken for one that holds an invariant', () => {
  expect(runningTests("test.skip('all is well', () => {})")).not.toContain('all is well');
  expect(runningTests("it.todo('all is well')")).not.toContain('all is well');
  expect(runningTests("test.skipIf(odd)('all is well', f)")).toContain('all is well');
});

test('the error codes in SPEC.md are those of the code, with their statuses', () => {
  const code = read('src/core/errors.ts');
  const codes = [...code.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, name]) => name);
  const rows = [...read('SPEC.md').matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)];
  expect(rows.map(([, name]) => name).sort()).toEqual([...codes].sort());
  const map = read('src/http/error-reply.ts');
  for (const [, name = '', status = ''] of rows) {
    expect(map).toMatch(new RegExp(`${name}: ${status}\\b`));
  }
});

test('the documents name no machine paths', () => {
  for (const name of readdirSync(ROOT).filter((file) => file.endsWith('.md'))) {
    expect(read(name)).not.toMatch(/(^|[^.\w])\/(work|root|home)\//);
  }
});
