import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runStore } from '../../src/cli/store-command.js';
import { loadConfig } from '../../src/config/load.js';
import { openDatabases } from '../../src/store/lmdb/databases.js';
import { textKey } from '../../src/store/lmdb/keys.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { encodeCount } from '../../src/store/lmdb/values.js';
import { put } from '../store/contract/writes.js';
import { damage } from '../store/damage.js';
import { makeFolder } from '../store/lmdb-fixture.js';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let dir: string;

beforeEach(async () => {
  folder = await makeFolder();
  dir = join(folder.dir, 'store');
  const store = await openLmdbStore({ dir });
  await store.write('shop', [put('a'), put('b')]);
  await store.close();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder.remove();
});

/** `omnisearch store check …`: its exit code and all that it printed. */
async function check(...flags: string[]): Promise<{ code: number; printed: string }> {
  const printed: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  }
  const argv = ['check', '--store-url', `lmdb:${dir}`, ...flags];
  const { config, positionals } = loadConfig({ verb: 'store', argv, env: {} });
  const code = await runStore(config, positionals);
  vi.restoreAllMocks();
  return { code, printed: printed.join('') };
}

describe('omnisearch store copy', () => {
  it('wants another store to copy to, in a form that is one', async () => {
    const printed: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    const argv = ['copy', '--from', `lmdb:${dir}`, '--to', 's1,s2'];
    const { config, positionals } = loadConfig({ verb: 'store', argv, env: {} });
    expect(await runStore(config, positionals)).toBe(2);
    expect(printed.join('')).toContain('--to must be lmdb:DIR, mongodb://…');
  });
});

describe('omnisearch store check', () => {
  it('finds nothing in a sound store', async () => {
    const { code, printed } = await check();
    expect(printed).toMatch(/^shop: 2 products, 2 counted, digest [0-9a-f]{64}\n$/);
    expect(code).toBe(0);
  });

  it('tells of wrong counts, and puts them right with --repair', async () => {
    const db = openDatabases(dir, false);
    await db.root.childTransaction(() =>
      db.categories.put(textKey('shop', 'Mice'), encodeCount(7, 'Mice')),
    );
    await db.root.close();
    const found = await check();
    expect(found.printed).toContain('shop: 2 products, 7 counted');
    expect(found.printed).toContain('Put them right with --repair');
    expect(found.code).toBe(1);
    const repaired = await check('--repair');
    expect(repaired.printed).toContain('shop: category Mice was 7, is 2: put right');
    expect(repaired.code).toBe(0);
    expect((await check()).code).toBe(0);
  });

  it('names what is damaged, and says that it could not be repaired', async () => {
    await damage(dir, 'documents', 'shop\0a');
    const { code, printed } = await check('--repair');
    expect(printed).toContain('shop: documents of a is damaged');
    expect(printed).toContain('shop: 1 products');
    expect(code).toBe(1);
  });
});
