import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entriesOf } from '../../src/core/price-entries.js';
import { sweepPrices } from '../../src/jobs/sweep-prices.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { put } from '../shard/shard-fixture.js';

test('prices of a removed list are taken out of all products, those of others stay, and its number is not given again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-sweep-'));
  const store = await openLmdbStore({ dir });
  const priceLists = new PriceLists(store.records);
  const [gold, silver] = [
    await priceLists.ensure('shop', 'gold'),
    await priceLists.ensure('shop', 'silver'),
  ];
  const ids = Array.from({ length: 600 }, (_, i) => `p${i}`);
  const vector = [1, 0, 0, 0, 0, 0, 0, 0];
  await store.write(
    'shop',
    ids.map((id) => put(id, 'Mice', vector)),
  );
  for (const list of [gold, silver]) {
    await store.write(
      'shop',
      ids.map((id) => ({ op: 'price', id, list, entry: { price: list } })),
    );
  }
  await priceLists.remove('shop', 'silver');
  expect(await priceLists.find('shop', 'silver')).toBeUndefined();
  const again = await priceLists.ensure('shop', 'silver');
  expect([gold, silver]).not.toContain(again);

  const nothing = { comeBack: () => undefined, count: () => undefined };
  const work = { checkpoint: null, ...nothing, save: async () => undefined };
  const { signal } = new AbortController();
  await sweepPrices({ store, priceLists }).run({ ...work, key: 'shop', signal });
  expect(await priceLists.gone('shop')).toEqual([]);
  for (const found of await store.prices('shop', ids)) {
    expect([...entriesOf(found?.prices ?? new Uint8Array())]).toEqual([[gold, { price: gold }]]);
  }
  await store.close();
  rmSync(dir, { recursive: true });
});
