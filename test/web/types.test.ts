import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const TIMEOUT_MS = 50_000;

test("the page's files keep the types their comments state", async () => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const config = fileURLToPath(new URL('tsconfig.json', import.meta.url));
  const run = promisify(execFile)(process.execPath, [tsc, '-p', config], { timeout: TIMEOUT_MS });
  const output = await run.then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  expect(output).toBe('');
});
