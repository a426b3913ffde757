import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const TIMEOUT_MS = 50_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'client-code-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What the compiler says of a shop's code, in a browser: with the client's types and no others. */
async function complaintsOf(snippets: readonly string[]): Promise<string> {
  const compilerOptions = {
    ...{ target: 'ES2023', lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [], strict: true },
    ...{ module: 'NodeNext', moduleDetection: 'force', noEmit: true, skipLibCheck: true },
    paths: { 'omnisearch/client': [join(ROOT, 'src/client/omnisearch.ts')] },
  };
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  for (const [at, text] of snippets.entries()) writeFileSync(join(folder, `${at}.ts`), text);
  const run = promisify(execFile)(process.execPath, [TSC, '-p', folder], { timeout: TIMEOUT_MS });
  return run.then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}

test('the code of docs/client.md compiles', async () => {
  const text = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');
  const snippets = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  expect(snippets.length).toBeGreaterThan(5);
  expect(await complaintsOf(snippets)).toBe('');
});

test('a wrong name does not', async () => {
  const code = [
    "import { OmniSearch } from 'omnisearch/client';",
    "const shop = new OmniSearch({ addresses: ['http://localhost'] });",
    "await shop.search({ query: 'x', topK: 3 });",
  ];
  expect(await complaintsOf([code.join('\n')])).toContain("'topK' does not exist");
});
