import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CopyWriter } from '../../src/backup/copy-writer.js';
import { RegionAge } from '../../src/backup/region/region-age.js';
import { RegionFollower } from '../../src/backup/region/region-follower.js';
import { openRegion } from '../../src/cli/open-region.js';
import { MetricsPage } from '../../src/metrics/metrics-page.js';
import { digestTenant } from '../../src/store/catalogue-pages.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { StoreTimes, timedStore } from '../../src/store/store-times.js';
import { heldStore } from '../../src/tenancy/held-store.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { seeded } from '../e2e/catalogue.js';
import { damage } from '../store/damage.js';
import { openPlace, product, type Place } from './place.js';
import { Link } from './region-link.js';

/** A region's store in step with its primary's, without the network between. */

const TENANT = 'shop';

let primary: Place;
let region: Place;
let link: Link;
let age: RegionAge;
let nowMs = 1_000_000;
beforeEach(async () => {
  [primary, region] = [await openPlace(), await openPlace()];
  link = new Link(primary);
  age = new RegionAge(region.store.records, true, () => nowMs);
});
afterEach(async () => {
  await Promise.all([primary.close(), region.close()]);
});

function follower(fingerprint = region.deps.model.fingerprint): RegionFollower {
  const { deps } = region;
  // As a node has it.
  const timed = timedStore(region.store, new StoreTimes());
  const store = heldStore(timed, { beforeWrite: async () => undefined });
  return new RegionFollower({
    ...{ store, age, primary: link, pauseMs: 10, logger: deps.logger, now: () => nowMs },
    model: { ...deps.model, fingerprint },
    rows: new CopyWriter({
      store,
      nudge: () => undefined,
      place: (...asked) => deps.placement.ensure(...asked),
    }),
  });
}

/** Ids with versions in the order of the feed. What was deleted before it came leaves nothing. */
async function feedOf({ store }: Pick<Place, 'store'>): Promise<[string, number][]> {
  const { entries } = await store.readFeed(TENANT, undefined, 100_000);
  return entries.filter(({ deleted }) => !deleted).map(({ id, version }) => [id, version]);
}

async function expectSame(): Promise<void> {
  const digests = [primary, region].map(async ({ store }) => {
    const { products, hex } = await digestTenant(store, TENANT);
    const ids = (await feedOf({ store })).map(([id]) => id);
    const lists = (await store.prices(TENANT, ids)).map((each) => each && [...each.prices]);
    return { products, hex, lists: Object.fromEntries(ids.map((id, i) => [id, lists[i]])) };
  });
  const [there, here] = await Promise.all(digests);
  expect(here).toEqual(there);
}

async function price(id: string, amount: number): Promise<void> {
  const list = await new PriceLists(primary.store.records).ensure(TENANT, 'club');
  await primary.store.write(TENANT, [{ op: 'price', id, list, entry: { price: amount } }]);
}

test('products, deletes and prices of lists come with their versions, and again nothing does', async () => {
  for (let i = 0; i < 20; i++) await primary.ingest.upsertOne(TENANT, product(`p${i}`));
  await price('p3', 7);
  await primary.ingest.remove(TENANT, 'p4');
  const at = follower();
  await at.catchUp();
  expect(await feedOf(region)).toEqual(await feedOf(primary));
  await expectSame();
  const came = link.rows;
  // A price alone: who holds the row need not read it again.
  const [before] = await region.store.prices(TENANT, ['p5']);
  await price('p5', 9);
  await primary.ingest.upsertOne(TENANT, product('p6', { price: 1 }));
  await at.catchUp();
  const [after] = await region.store.prices(TENANT, ['p5']);
  expect(after?.contentVersion).toBe(before?.contentVersion);
  expect(link.rows - came).toBe(2);
  expect(await feedOf(region)).toEqual(await feedOf(primary));
  await expectSame();
  const { position } = await region.store.changedTenants(undefined, 100);
  await follower().catchUp();
  expect((await region.store.changedTenants(position, 100)).tenants).toEqual([]);
});

test('records come in the order of their changes, and go', async () => {
  const { records } = primary.store;
  const tally = async (state: number) => {
    const stored = await records.get('merchandising', 'shop/tally');
    await records.put('merchandising', 'shop/tally', { state }, stored?.revision ?? 0);
  };
  await records.put('rule', 'shop/one', { then: 1 }, 0);
  await tally(1);
  await records.put('lease', 'node', { of: 'the primary' }, 0);
  await region.store.records.put('alias', 'left over', { tenant: 'x' }, 0);
  const at = follower();
  await at.catchUp();
  const here = region.store.records;
  expect((await here.get('rule', 'shop/one'))?.value).toEqual({ then: 1 });
  expect(await here.get('lease', 'node')).toBeUndefined();
  expect(await here.get('alias', 'left over')).toBeUndefined();
  const before = await here.get('merchandising', 'shop/tally');

  const stored = await records.get('rule', 'shop/one');
  await records.remove('rule', 'shop/one', stored?.revision ?? 0);
  await records.put('rule', 'shop/two', { then: 2 }, 0);
  await tally(1);
  await at.catchUp();
  expect(await here.list('rule', undefined, 10)).toMatchObject([{ id: 'shop/two' }]);
  // Nodes look at its revision: it grows though it says the same.
  const after = await here.get('merchandising', 'shop/tally');
  expect(after?.revision).toBeGreaterThan(before?.revision ?? 0);
});

test('a link that breaks between pages: what came is served, its age told, and the rest comes later', async () => {
  // Two pages and a bit of rows of a megabyte.
  const description = 'x'.repeat(900_000);
  for (let i = 0; i < 11; i++) {
    await primary.ingest.upsertOne(TENANT, product(`p${i}`, { description }));
  }
  link.pagesLeft = 1;
  const at = follower();
  await expect(at.catchUp()).rejects.toMatchObject({ code: 'unavailable' });
  expect(age.lagMs).toBeUndefined();
  const came = (await feedOf(region)).length;
  expect(came).toBeGreaterThan(0);
  expect(came).toBeLessThan(11);

  let pages = 0;
  link.pagesLeft = Infinity;
  const products = link.products.bind(link);
  const asked: (string | undefined)[] = [];
  link.products = async (tenant, after, ...rest) => {
    pages += 1;
    asked.push(after);
    return products(tenant, after, ...rest);
  };
  // Another process: it goes on where the store says.
  await follower().catchUp();
  expect(asked[0]).toBeDefined();
  expect(pages).toBeLessThan(4);
  expect(await feedOf(region)).toEqual(await feedOf(primary));
  expect(age.lagMs).toBe(0);

  link.pagesLeft = 0;
  nowMs += 300_000;
  await expect(follower().catchUp()).rejects.toMatchObject({ code: 'unavailable' });
  expect(age.lagMs).toBe(300_000);
});

test('where deletes were forgotten meanwhile all is copied again, what is gone goes, the rest is served on', async () => {
  for (let i = 0; i < 30; i++) await primary.ingest.upsertOne(TENANT, product(`p${i}`));
  const at = follower();
  await at.catchUp();
  const kept = await region.store.heads(TENANT, ['p20']);
  for (let i = 0; i < 10; i++) await primary.ingest.remove(TENANT, `p${i}`);
  await primary.ingest.upsertOne(TENANT, product('p30'));
  await primary.store.purgeTombstones(Date.now() + 60_000);
  await at.catchUp();
  await expectSame();
  expect((await region.store.usage(TENANT)).products).toBe(21);
  // What was right was not written again.
  expect(await region.store.heads(TENANT, ['p20'])).toEqual(kept);
  await primary.ingest.upsertOne(TENANT, product('p31'));
  await at.catchUp();
  await expectSame();
});

test('a primary with another store, as after a restore: nothing of the former is left', async () => {
  await primary.ingest.upsertOne(TENANT, product('old'));
  await primary.ingest.upsertOne(TENANT, product('both'));
  const at = follower();
  await at.catchUp();
  const other = await openPlace();
  try {
    await other.ingest.upsertOne(TENANT, product('both', { price: 5 }));
    await other.ingest.upsertOne(TENANT, product('new'));
    const former = primary;
    primary = other;
    const next = new Link(other);
    link.changes = (...asked) => next.changes(...asked);
    link.records = (...asked) => next.records(...asked);
    link.products = (...asked) => next.products(...asked);
    await at.catchUp();
    await expectSame();
    primary = former;
  } finally {
    await other.close();
  }
});

test('a tenant that is gone at the primary is gone here, with its placement', async () => {
  await primary.ingest.upsertOne(TENANT, product('p1'));
  const at = follower();
  await at.catchUp();
  while (!(await primary.store.dropTenant(TENANT, 100)));
  const stored = await primary.store.records.get('tenant', TENANT);
  await primary.store.records.remove('tenant', TENANT, stored?.revision ?? 0);
  await at.catchUp();
  expect(await region.store.tenants()).toEqual([]);
});

test('what took writes of its own in between is a copy again, and nothing that only it had is left', async () => {
  await primary.ingest.upsertOne(TENANT, product('p1'));
  await primary.ingest.upsertOne(TENANT, product('p2'));
  await follower().catchUp();
  // A start without a primary.
  const page = new MetricsPage({ role: 'query-node', version: '1' });
  await openRegion({ config: { serve: 'all' }, store: region.store, page } as never);
  await region.ingest.upsertOne(TENANT, product('own'));
  await region.ingest.upsertOne(TENANT, product('p1', { price: 9 }));
  await region.ingest.remove(TENANT, 'p2');
  await region.ingest.upsertOne('other', product('own'));
  await follower().catchUp();
  await expectSame();
  expect(await region.store.tenants()).toEqual([TENANT]);
  expect(await region.store.records.get('tenant', 'other')).toBeUndefined();
});

test('what is archived there is archived here, by the same name, and nothing else is', async () => {
  for (const id of ['p1', 'p2']) await primary.ingest.upsertOne(TENANT, product(id));
  const gone = { op: 'delete', feedVersion: undefined, archive: 'a chunk' } as const;
  await region.store.write(TENANT, [{ ...gone, id: 'left over', isCopy: true }]);
  await primary.store.write(TENANT, [{ ...gone, id: 'p1' }]);
  const at = follower();
  await at.catchUp();
  await primary.store.write(TENANT, [{ ...gone, id: 'p2', archive: 'another' }]);
  await at.catchUp();
  const heads = await region.store.heads(TENANT, ['p1', 'p2', 'left over']);
  expect(heads.map((head) => head?.archive)).toEqual(['a chunk', 'another', undefined]);
});

test('while something is damaged there, that is said, the rest comes, and nothing goes', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-region-'));
  await primary.close();
  primary = await openPlace({ store: await openLmdbStore({ dir }) });
  link = new Link(primary);
  const write = (id: string, price = 5) => primary.ingest.upsertOne(TENANT, product(id, { price }));
  const idsHere = async () => (await feedOf(region)).map(([id]) => id).sort();
  const isSaid = {
    code: 'unavailable',
    message: expect.stringMatching(/^products of shop are damaged/) as string,
  };
  for (const id of ['p1', 'p2']) await write(id);
  await region.ingest.upsertOne(TENANT, product('p1', { price: 1 }));
  await region.ingest.upsertOne(TENANT, product('own'));
  await damage(dir, 'documents', `${TENANT}\0p1`);
  const at = follower();
  await expect(at.catchUp()).rejects.toMatchObject(isSaid);
  await write('p3');
  const came = link.rows;
  await expect(at.catchUp()).rejects.toMatchObject(isSaid);
  // The page with the damage once more, and what is new.
  expect(link.rows - came).toBe(3);
  expect(await idsHere()).toEqual(['own', 'p1', 'p2', 'p3']);
  expect(age.lagMs).toBeUndefined();
  await write('p1', 2);
  await at.catchUp();
  await expectSame();
  expect(age.lagMs).toBe(0);

  // Behind a place that was noted; without its head as well.
  for (const [table, id] of [
    ['vectors', 'p4'],
    ['heads', 'p5'],
  ] as const) {
    const { records } = region.store;
    const places = async () =>
      Promise.all([records.get('region feed', TENANT), records.get('region', 'all')]);
    await write(id);
    const before = await places();
    await damage(dir, table, `${TENANT}\0${id}`);
    await expect(at.catchUp()).rejects.toMatchObject(isSaid);
    expect(await places()).toEqual(before);
    await write(id, 3);
    await at.catchUp();
    await expectSame();
  }
  rmSync(dir, { recursive: true, force: true });
});

test('vectors of another model are not taken', async () => {
  await primary.ingest.upsertOne(TENANT, product('p1'));
  await primary.store.setModel(primary.deps.model);
  await expect(follower('another').catchUp()).rejects.toMatchObject({ code: 'conflict' });
  expect(await region.store.tenants()).toEqual([]);
});

test('whatever happens in whatever order, both are the same once it was caught up with', async () => {
  const random = seeded(7);
  const id = (): string => `p${Math.floor(random() * 12)}`;
  let at = follower();
  for (let step = 0; step < 120; step++) {
    const chance = random();
    if (chance < 0.45) {
      await primary.ingest.upsertOne(TENANT, product(id(), { price: Math.ceil(random() * 9) }));
    } else if (chance < 0.6) await primary.ingest.remove(TENANT, id()).catch(() => undefined);
    else if (chance < 0.72) await price(id(), Math.ceil(random() * 9));
    else if (chance < 0.76) await primary.store.purgeTombstones(Date.now() + 60_000);
    else if (chance < 0.82) at = follower();
    else {
      link.pagesLeft = random() < 0.3 ? Math.floor(random() * 2) : Infinity;
      await at.catchUp().catch(() => expect(link.pagesLeft).toBe(0));
    }
  }
  link.pagesLeft = Infinity;
  await at.catchUp();
  await expectSame();
});
