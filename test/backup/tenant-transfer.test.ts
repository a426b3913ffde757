import { afterEach, beforeEach, expect, test } from 'vitest';
import { CopyWriter } from '../../src/backup/copy-writer.js';
import { TenantTransfer } from '../../src/backup/tenant-transfer.js';
import type { JsonObject } from '../../src/core/product.js';
import { transferredRow } from '../../src/http/transferred-row.js';
import type { ProductWrite, Store, WriteResult } from '../../src/store/store.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { openPlace, product, type Place } from './place.js';

let here: Place;
let there: Place;
beforeEach(async () => {
  [here, there] = [await openPlace(), await openPlace()];
});
afterEach(async () => {
  await Promise.all([here.close(), there.close()]);
});

const signal = new AbortController().signal;

function transferOf({ deps, directory }: Place, store: Store): TenantTransfer {
  const place = (...asked: Parameters<typeof deps.placement.ensure>) =>
    deps.placement.ensure(...asked);
  const rows = new CopyWriter({ store, place, nudge: () => undefined });
  const priceLists = new PriceLists(store.records);
  const handover = { isFilledBy: async () => false };
  return new TenantTransfer({
    ...{ store, model: deps.model, tenants: directory, priceLists, rows, handover },
  });
}

/** The store with a member of its own. */
function storeWith<K extends 'write' | 'rows'>(place: Place, name: K, own: Store[K]): Store {
  return new Proxy(place.store, {
    get: (store, key) => {
      if (key === name) return own;
      const value = Reflect.get(store, key) as unknown;
      return typeof value === 'function' ? (value.bind(store) as unknown) : value;
    },
  });
}

/** Copies all that changed behind `after`; resolves with where it ended. */
async function copy(after?: string, into = there.store): Promise<string> {
  const from = transferOf(here, here.store);
  const page = await from.page('shop', after, signal);
  expect(page.atEnd).toBe(true);
  const rows = page.lines.map((line) => transferredRow(JSON.parse(line) as JsonObject, from));
  await transferOf(there, into).import('shop', rows, page.priceLists);
  return page.position;
}

const digestOf = (place: Place) => transferOf(place, place.store).digest('shop', undefined, signal);

async function expectSame(): Promise<void> {
  const [source, target] = [await digestOf(here), await digestOf(there)];
  expect([target.products, target.hex]).toEqual([source.products, source.hex]);
}

test('versions of the shop go along, also those that a rollback took away', async () => {
  await here.ingest.upsertOne('shop', product('p1', { version: 7 }));
  await here.ingest.upsertOne('shop', product('p2', { version: 7 }));
  const position = await copy();
  await expectSame();
  // What a rollback writes: what was, without a version that it could lose by.
  const [row] = await here.store.rows('shop', ['p1']);
  const [head] = await here.store.heads('shop', ['p1']);
  const { product: stored, model, vectors } = row!;
  const { contentHash, embedHash } = head!;
  const was = { product: { ...stored, price: 1 }, model, vectors, contentHash: `${contentHash}0` };
  const put = { ...was, embedHash, op: 'put', id: 'p1', feedVersion: undefined } as const;
  const gone = { op: 'delete', id: 'p2', feedVersion: 9 } as const;
  expect((await here.store.write('shop', [{ ...put, isCopy: true }, gone])).statuses).toEqual([
    'applied',
    'applied',
  ]);
  await copy(position);
  await expectSame();
  const heads = await there.store.heads('shop', ['p1', 'p2']);
  expect(heads.map((each) => each?.feedVersion)).toEqual([undefined, 9]);
});

test('prices of lists are written again where others change them meanwhile', async () => {
  await here.ingest.upsertOne('shop', product('p1'));
  const gold = await here.deps.priceLists.ensure('shop', 'gold');
  const entry = { price: 2.5 };
  await here.store.write('shop', [{ op: 'price', id: 'p1', list: gold, entry }]);
  // There it has another number.
  await there.deps.priceLists.ensure('shop', 'silver');
  let refusals = 0;
  const busy = storeWith(there, 'write', async (tenant, writes): Promise<WriteResult> => {
    const isPrice = ({ op }: ProductWrite): boolean => op === 'price';
    if (!writes.some(isPrice) || ++refusals > 2) return there.store.write(tenant, writes);
    return { statuses: writes.map(() => 'conflict'), mark: await there.store.head(tenant) };
  });
  await copy(undefined, busy);
  expect(refusals).toBe(3);
  await expectSame();
});

test('a product that is damaged is named, not left behind', async () => {
  for (const id of ['p1', 'p2']) await here.ingest.upsertOne('shop', product(id));
  const damaged = storeWith(here, 'rows', async (tenant, ids) =>
    (await here.store.rows(tenant, ids)).map((row) => (row?.product.id === 'p2' ? undefined : row)),
  );
  const transfer = transferOf(here, damaged);
  for (const asked of ['page', 'digest'] as const) {
    await expect(transfer[asked]('shop', undefined, signal)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('p2 is damaged') as string,
    });
  }
});
