import { afterAll, beforeAll, expect, test } from 'vitest';
import { largePage, placeTenants, type LargeCluster } from '../../bench/lib/large-page.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
beforeAll(async () => {
  fixture = await makeLmdbStore();
});
afterAll(() => fixture.close());

const seriesOf = (page: string): number =>
  page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;

/** Partitions of which one of the two copies lies on the first shard. */
function onFirst({ tenants, partitions, shards }: LargeCluster): number {
  let count = 0;
  for (let tenant = 0; tenant < tenants; tenant++) {
    for (let i = 0; i < partitions; i++) {
      if ((i + tenant) % shards === 0 || (i + 1 + tenant) % shards === 0) count += 1;
    }
  }
  return count;
}

test('a page has as many series for a thousand shops as for thirty, and stays small', async () => {
  const few = { tenants: 30, partitions: 200, shards: 16 };
  await placeTenants(fixture.store, few);
  const { page, census } = largePage(fixture.store, few);
  await census.refresh();
  const small = await page.render();
  expect(small).toMatch(/^categories_unavailable\{region="north"\} 0$/m);
  // A copy of each on the first shard, which does not answer.
  expect(small).toContain(`\nreplicas_missing{region="north"} ${onFirst(few)}\n`);
  const large = await largePage(fixture.store, { ...few, tenants: 1_000 }).page.render();
  expect(seriesOf(large)).toBe(seriesOf(small) - 2);
  expect(Buffer.byteLength(large)).toBeLessThan(2_000_000);
  expect(large.match(/^tenant_queries_total\{/gm)).toHaveLength(20);
});
