import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { browserKey } from '../../src/client/browser-key.js';
import { runs } from '../program.js';
import { keyedNode } from '../tenancy/keys/keyed-node.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const TEXT = readFileSync(fileURLToPath(new URL('../../docs/keys.md', import.meta.url)), 'utf8');
const EXPIRES_AT = Math.floor(Date.now() / 1_000) + 3_600;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-code-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const codeOf = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(TEXT)?.[1] ?? '';

interface Language {
  name: string;
  program: string;
  file: string;
  /** The document's code, with a call of it that prints a key. */
  script: (code: string, id: string, secret: string) => string;
}

const LANGUAGES: readonly Language[] = [
  {
    ...{ name: 'js', program: 'node', file: 'key.mjs' },
    script: (code, id, secret) =>
      `${code}\nconsole.log(browserKey('${id}', '${secret}', 1, { exp: ${EXPIRES_AT}, tenant: 'shoes' }));`,
  },
  {
    ...{ name: 'python', program: 'python3', file: 'key.py' },
    script: (code, id, secret) =>
      `${code}\nprint(browser_key("${id}", "${secret}", 1, exp=${EXPIRES_AT}, tenant="shoes"))`,
  },
  {
    ...{ name: 'php', program: 'php', file: 'key.php' },
    script: (code, id, secret) =>
      `<?php\n${code}\necho browser_key('${id}', '${secret}', 1, ['exp' => ${EXPIRES_AT}, 'tenant' => 'shoes']);`,
  },
];

for (const { name, program, file, script } of LANGUAGES) {
  const isThere = runs(program, '--version');
  test.skipIf(!isThere)(
    `the ${name} of docs/keys.md makes keys that are good${isThere ? '' : ` (needs ${program})`}`,
    async () => {
      const { desk, ring } = keyedNode(new MemoryRecords());
      const made = await desk.create({ kind: 'search', tenants: ['shoes', 'hats'] }, null);
      writeFileSync(join(folder, file), script(codeOf(name), made.id, made.secret));
      const { stdout } = await promisify(execFile)(program, [join(folder, file)]);
      const expected = { grant: { id: made.id, tenants: ['shoes'] } };
      expect(await ring.admit(stdout.trim())).toMatchObject(expected);
      if (name !== 'js') return;
      const own = await browserKey(made, { expiresAt: EXPIRES_AT, tenant: 'shoes' });
      expect(stdout.trim()).toBe(own);
    },
  );
}
