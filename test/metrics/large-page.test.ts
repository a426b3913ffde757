import { afterAll, beforeAll, expect, test } from 'vitest';
import { largePage, placeTenants } from '../../bench/lib/large-page.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
beforeAll(async () => {
  fixture = await makeLmdbStore();
});
afterAll(() => fixture.close());

const seriesOf = (page: string): number =>
  page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;

test('a page has as many series for a thousand shops as for thirty, and stays small', async () => {
  const few = { tenants: 30, partitions: 200, shards: 16 };
  await placeTenants(fixture.store, few);
  const { page, census } = largePage(fixture.store, few);
  await census.refresh();
  const small = await page.render();
  // A copy of each second partition of a pair lies on the shard that does not answer.
  expect(small).toMatch(/^categories_unavailable\{region="north"\} 0$/m);
  expect(small).toMatch(/^replicas_missing\{region="north"\} 750$/m);
  const large = await largePage(fixture.store, { ...few, tenants: 1_000 }).page.render();
  expect(seriesOf(large)).toBe(seriesOf(small) - 2);
  expect(Buffer.byteLength(large)).toBeLessThan(2_000_000);
  expect(large.match(/^tenant_queries_total\{/gm)).toHaveLength(20);
});
