import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runIndex } from '../../src/cli/index-command.js';
import { IndexHarness } from './index-harness.js';

let shop: IndexHarness;
let working: NodeJS.Timeout;
beforeEach(async () => {
  shop = await IndexHarness.open();
  shop.node.imports.runner.start();
  // As a node does every two seconds.
  working = setInterval(() => void shop.node.imports.runner.tick(), 50);
});
afterEach(async () => {
  clearInterval(working);
  await shop.close();
});

const product = (id: string) => JSON.stringify({ id, title: `title ${id}`, category: 'Mice' });
const feed = (...ids: string[]) => ids.map((id) => `${product(id)}\n`).join('');
const said = (): string => shop.printed.join('');
const exists = async (id: string): Promise<boolean> =>
  (await shop.node.send('GET', `/products/${id}`)).statusCode === 200;

test('--background hands the files over as one import, and ends', async () => {
  const files = [
    await shop.feed('a.ndjson', feed('a')),
    await shop.feed('b.csv', 'id,title,category\nb,t,Mice\n'),
  ];
  expect(await runIndex({ ...shop.config, background: true }, files)).toBe(0);
  const [, id = ''] = /import (\S+) is queued/.exec(said()) ?? [];
  const state = async () => (await shop.node.send('GET', `/imports/${id}`)).json()['state'];
  await expect.poll(state, { timeout: 20_000 }).toBe('done');
  expect([await exists('a'), await exists('b')]).toEqual([true, true]);
});

test('--prune deletes what the files do not have, and asks before it deletes much', async () => {
  const all = Array.from({ length: 10 }, (_, i) => `p${i}`);
  const prune = { ...shop.config, prune: true };
  expect(await runIndex(prune, [await shop.feed('all.ndjson', feed(...all))])).toBe(0);
  const nine = await shop.feed('nine.ndjson', feed(...all.slice(0, 9)));
  expect(await runIndex({ ...prune, dryRun: true }, [nine])).toBe(0);
  expect(said()).toContain('0 would be added, 0 changed, 1 removed, 0 rejected');
  expect(await exists('p9')).toBe(true);
  expect(await runIndex(prune, [nine])).toBe(0);
  expect(said()).toContain('9 rows: 9 accepted (9 unchanged, 0 stale), 0 rejected, 1 pruned');
  expect(await exists('p9')).toBe(false);
  const two = await shop.feed('two.ndjson', feed('p0', 'p1'));
  expect(await runIndex(prune, [two])).toBe(1);
  expect(said()).toContain('7 products would be deleted: --confirm-prune');
  expect(await exists('p8')).toBe(true);
  expect(await runIndex({ ...prune, confirmPrune: true }, [two])).toBe(0);
  expect([await exists('p1'), await exists('p8')]).toEqual([true, false]);
}, 60_000);

test('rejected rows keep their lines, and the products that they name', async () => {
  const all = await shop.feed('all.ndjson', feed('a', 'b'));
  expect(await runIndex({ ...shop.config, prune: true }, [all])).toBe(0);
  const text = 'id,title,category,price\n\na,t,Mice,1\nb,t,Mice,much\n';
  const rejects = join(shop.dir, 'rejects.ndjson');
  const csv = await shop.feed('feed.csv', text);
  expect(await runIndex({ ...shop.config, prune: true, rejects }, [csv])).toBe(3);
  expect(JSON.parse((await readFile(rejects, 'utf8')).trim())).toMatchObject({ line: 4, id: 'b' });
  expect(await exists('b')).toBe(true);
});

test('a file with a row that names no product deletes nothing', async () => {
  const all = await shop.feed('all.ndjson', feed('a', 'b'));
  expect(await runIndex({ ...shop.config, prune: true }, [all])).toBe(0);
  const broken = await shop.feed('broken.csv', 'id,title,category\na,t,Mice\n"b,t,Mice\n');
  expect(await runIndex({ ...shop.config, prune: true }, [broken])).toBe(1);
  expect(said()).toContain('--prune would delete the product of that row');
  expect(await exists('b')).toBe(true);
});
