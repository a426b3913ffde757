import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Collections } from '../../src/store/mongo/collections.js';
import { listCategories, readUsage } from '../../src/store/mongo/counts.js';
import { purgeTombstones } from '../../src/store/mongo/purge.js';
import { listMiscounted, recountTenant } from '../../src/store/mongo/recount.js';
import { put, remove } from './contract/writes.js';
import {
  batchWriterOf,
  BatchFixture,
  Closer,
  rangesOf,
  withCollection,
} from './mongo-batch-fixture.js';
import { whyNoServer } from './mongo-server.js';

const reason = whyNoServer();
let fixture: BatchFixture;

interface Operation {
  filter: { _id: string; tenant?: string };
}
type Bulk = Record<string, Operation>[];

/** Collections that keep a copy of each bulk. */
function recorded(): { own: Collections; bulks: Operation[][] } {
  const bulks: Operation[][] = [];
  const bulkWrite =
    (own: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      bulks.push((args[0] as Bulk).flatMap((operation) => Object.values(operation)));
      return own(...args);
    };
  const products = withCollection(fixture.collections, 'products', { bulkWrite });
  return { own: withCollection(products, 'counts', { bulkWrite }), bulks };
}

async function usage(tenant: string): Promise<object> {
  const { collections } = fixture;
  const categories = await listCategories(collections, tenant);
  const { products, fields } = await readUsage(collections, tenant);
  return {
    products,
    fields,
    categories: Object.fromEntries(categories.map((each) => [each.category, each.products])),
  };
}

describe.skipIf(reason !== undefined)(`MongoDB counts${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    fixture = await BatchFixture.open();
  });
  afterAll(() => fixture.close());

  it('every bulk is sent in the order of ids, whatever the order of the writes', async () => {
    const { own, bulks } = recorded();
    const write = batchWriterOf(own);
    const ids = ['c', 'a', 'e', 'b', 'd'];
    const puts = ids.map((id, i) => put(id, { category: `${9 - i}`, rest: { [`f${9 - i}`]: 1 } }));
    const { statuses } = await write('sorted', puts);
    expect(statuses).toEqual(ids.map(() => 'applied'));
    await write(
      'sorted',
      ids.map((id) => remove(id)),
    );
    await purgeTombstones(own, Date.now() + 60_000);
    expect(bulks.length).toBeGreaterThanOrEqual(5);
    for (const bulk of bulks) {
      const keys = bulk.map(({ filter }) => filter._id);
      expect(keys).toEqual([...keys].sort());
    }
  });

  it('a count is looked for by its tenant as well, so that a racing upsert replaces none', async () => {
    const { own, bulks } = recorded();
    await batchWriterOf(own)('filtered', [put('a', { rest: { price: 1 } })]);
    const counts = bulks.flat().filter(({ filter }) => /\/(category|fields)\//.test(filter._id));
    expect(counts.length).toBeGreaterThan(0);
    for (const { filter } of counts) expect(filter.tenant).toBe('filtered');
  });

  it('what fails between products and counts is marked, and counted when that is repaired', async () => {
    const { collections } = fixture;
    const fails = withCollection(collections, 'counts', {
      bulkWrite: () => () => Promise.reject(new Error('the connection was cut')),
    });
    const tenant = 'torn';
    const writes = [put('a', { category: 'A', rest: { price: 1 } }), put('b', { category: 'B' })];
    await batchWriterOf(collections)(tenant, [put('c', { category: 'A' })]);
    await expect(batchWriterOf(fails)(tenant, writes)).rejects.toThrow('cut');
    const { statuses } = await batchWriterOf(collections)(tenant, writes);
    expect(statuses).toEqual(['unchanged', 'unchanged']);
    expect(await usage(tenant)).toMatchObject({ products: 1, categories: { A: 1 } });
    await new Closer(collections).close();
    expect(await listMiscounted(collections)).toContain(tenant);
    const differences = await recountTenant(collections, rangesOf(collections), tenant);
    expect(differences).toContainEqual({ kind: 'category', name: 'A', stored: 1, counted: 2 });
    expect(differences).toContainEqual({ kind: 'field', name: 'price', stored: 0, counted: 1 });
    expect(differences).toContainEqual({ kind: 'usage', name: 'products', stored: 1, counted: 3 });
    const right = { products: 3, categories: { A: 2, B: 1 } };
    expect(await usage(tenant)).toMatchObject(right);
    expect(await listMiscounted(collections)).not.toContain(tenant);
    expect(await recountTenant(collections, rangesOf(collections), tenant)).toEqual([]);
    await batchWriterOf(collections)(tenant, [remove('a')]);
    expect(await usage(tenant)).toMatchObject({ products: 2, categories: { A: 1, B: 1 } });
  });

  it('the end of a range that is repeated after its answer was lost counts once', async () => {
    const tenant = 'repeated';
    let isFirst = true;
    const own = withCollection(fixture.collections, 'tenants', {
      // As the driver does it, on a server that does not know a repeated command.
      updateOne:
        (updateOne) =>
        async (...args) => {
          if ('$pull' in (args[1] as object) && isFirst) await updateOne(...args);
          isFirst = false;
          return updateOne(...args);
        },
    });
    await batchWriterOf(own)(tenant, [put('a', { category: 'A' }), put('b', { category: 'A' })]);
    expect(await usage(tenant)).toMatchObject({ products: 2, categories: { A: 2 } });
  });
});
