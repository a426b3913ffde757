import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { History } from '../../src/backup/history.js';
import { RestoreDesk } from '../../src/backup/restore-desk.js';
import { CopyWriter } from '../../src/backup/copy-writer.js';
import { Rollback } from '../../src/backup/rollback.js';
import { embedAnew, reembed } from '../../src/ingest/reembed.js';
import type { Store } from '../../src/store/store.js';
import { AuditLog } from '../../src/tenancy/audit-log.js';
import { digestTenant } from '../../src/store/catalogue-pages.js';
import { CountingEncoder } from '../ingest/harness.js';
import { openPlace, product, type Place } from './place.js';

const BY = { by: null };

let place: Place;
let history: History;
let rollback: Rollback;
/** What a node does that notes nothing. */
let writeRaw: Store['write'];

function over(model = place.deps.model, encoder = place.deps.encoder): Rollback {
  const { store, directory, deps } = place;
  history = new History(store);
  const nudge = () => undefined;
  const restores = new RestoreDesk({
    ...{ store, tenants: directory, model: deps.model, nudge },
    rows: new CopyWriter({ store, nudge, place: (...asked) => deps.placement.ensure(...asked) }),
    nodes: async () => ['s1'],
    awaitApplied: async () => [],
  });
  return new Rollback({
    ...{ store, history, restores, audit: new AuditLog(store.records), model },
    embed: (products) => embedAnew({ model, encoder }, products),
  });
}

/** A moment between what was and what comes. */
async function moment(): Promise<number> {
  await sleep(3);
  const now = Date.now();
  await sleep(3);
  return now;
}

beforeAll(async () => {
  place = await openPlace();
  writeRaw = place.store.write.bind(place.store);
  rollback = over();
});
afterAll(() => place.close());

describe('a rollback', () => {
  it('is refused where no history is kept', async () => {
    await expect(rollback.run('shop', Date.now(), { preview: true, ...BY })).rejects.toThrow(
      'HISTORY_DAYS',
    );
    await history.begin(3);
    // What was under way then is not of it.
    await expect(rollback.run('shop', Date.now(), { preview: true, ...BY })).rejects.toThrow(
      'the history goes from',
    );
    const isKept = async (): Promise<boolean> =>
      history.check(Date.now() - 1).then(
        () => true,
        () => false,
      );
    await expect.poll(isKept, { timeout: 10_000 }).toBe(true);
    await expect(
      rollback.run('shop', Date.now() - 60_000, { preview: true, ...BY }),
    ).rejects.toThrow('the history goes from');
  });

  it('undoes a bad feed, tells before what it would do, and is undone itself', async () => {
    for (let i = 0; i < 6; i++)
      await place.ingest.upsertOne('shop', product(`p${i}`, { version: 1 }));
    const good = await digestTenant(place.store, 'shop');
    const then = await moment();
    for (let i = 0; i < 3; i++) {
      await place.ingest.upsertOne('shop', product(`p${i}`, { price: 0, version: 2 }));
      await place.ingest.upsertOne('shop', product(`p${i}`, { price: 1, version: 3 }));
    }
    await place.ingest.remove('shop', 'p4');
    await place.ingest.upsertOne('shop', product('new'));
    const bad = await digestTenant(place.store, 'shop');
    const between = await moment();
    const expected = { changed: 3, restored: 1, removed: 1 };
    const preview = await rollback.run('shop', then, { preview: true, ...BY });
    expect(preview).toMatchObject(expected);
    expect(preview.first).toEqual({
      changed: ['p0', 'p1', 'p2'],
      restored: ['p4'],
      removed: ['new'],
    });
    expect((await digestTenant(place.store, 'shop')).hex).toBe(bad.hex);
    expect(await rollback.run('shop', then, { preview: false, ...BY })).toMatchObject(expected);
    const [undone] = await place.store.documents('shop', ['p1']);
    expect([undone?.product['price'], undone?.product['version']]).toEqual([5, 1]);
    expect((await digestTenant(place.store, 'shop')).products).toBe(good.products);
    const again = await rollback.run('shop', then, { preview: false, ...BY });
    expect(again).toMatchObject({ changed: 0, restored: 0, removed: 0 });
    await rollback.run('shop', between, { preview: false, ...BY });
    const [bad1] = await place.store.documents('shop', ['p1']);
    expect(bad1?.product['price']).toBe(1);
  });

  it('is right for whatever was written before and after', async () => {
    const op = fc.tuple(fc.nat(5), fc.constantFrom('put', 'put', 'delete', 'price'));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { maxLength: 8 }),
        fc.array(op, { maxLength: 8 }),
        async (before, after) => {
          const tenant = `t${run++}`;
          let price = 0;
          const write = async ([i, what]: [number, string]): Promise<void> => {
            const id = `p${i}`;
            price += 1;
            if (what === 'delete') await place.ingest.remove(tenant, id).catch(() => undefined);
            else if (what === 'put') await place.ingest.upsertOne(tenant, product(id, { price }));
            else await place.store.write(tenant, [{ op: 'price', id, list: 1, entry: { price } }]);
          };
          for (const each of before) await write(each);
          const good = await stateOf(tenant);
          const then = await moment();
          for (const each of after) await write(each);
          await rollback.run(tenant, then, { preview: false, ...BY });
          expect(await stateOf(tenant)).toEqual(good);
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it('knows what nodes write that were started without the setting, and these end nothing', async () => {
    const other: Store = Object.assign(Object.create(place.store) as Store, { write: writeRaw });
    await new History(other).begin(undefined);
    await place.ingest.upsertOne('nodes', product('p1'));
    const good = await digestTenant(place.store, 'nodes');
    const then = await moment();
    await other.write('nodes', [{ op: 'delete', id: 'p1', feedVersion: undefined }]);
    expect((await digestTenant(place.store, 'nodes')).products).toBe(0);
    await new History(place.store).sweep('nodes', new AbortController().signal);
    await rollback.run('nodes', then, { preview: false, ...BY });
    expect((await digestTenant(place.store, 'nodes')).hex).toBe(good.hex);
  });

  it('knows what another wrote while a write was noted', async () => {
    const { store, ingest } = place;
    await ingest.upsertOne('races', product('p1', { price: 1 }));
    const rows = store.rows.bind(store);
    let then = 0;
    store.rows = async (...asked) => {
      store.rows = rows;
      await ingest.upsertOne('races', product('p1', { price: 2 }));
      then = await moment();
      return rows(...asked);
    };
    await ingest.upsertOne('races', product('p1', { price: 3 }));
    expect(then).toBeGreaterThan(0);
    await rollback.run('races', then, { preview: false, ...BY });
    const [found] = await store.documents('races', ['p1']);
    expect(found?.product['price']).toBe(2);
  });

  it('embeds anew what was noted with vectors of another model', async () => {
    for (const id of ['p1', 'p2']) await place.ingest.upsertOne('models', product(id));
    const then = await moment();
    await place.ingest.upsertOne('models', product('p1', { title: 'Bad' }));
    const encoder = new CountingEncoder('e'.repeat(32));
    const { model } = encoder;
    await reembed({ ...place.deps, model, encoder });
    encoder.embedded = [];
    const expected = { changed: 1, restored: 0, removed: 0 };
    expect(await over(model, encoder).run('models', then, { preview: false, ...BY })).toMatchObject(
      expected,
    );
    const found = await place.store.rows('models', ['p1', 'p2']);
    expect(found.map((row) => row?.model)).toEqual([model.fingerprint, model.fingerprint]);
    expect(found[0]?.product.title).toBe('Product p1');
    expect(encoder.embedded).toHaveLength(1);
    await place.store.setModel(place.deps.model);
  });

  it('records are read one at a time, and none for a sweep', async () => {
    const { records } = place.store;
    const list = records.list.bind(records);
    const limits = new Set<number>();
    let lists = 0;
    records.list = async (kind, after, limit, before) => {
      if (kind === 'history') {
        lists += 1;
        limits.add(limit);
      }
      return list(kind, after, limit, before);
    };
    const firstMs = Date.now() - 1;
    await rollback.run('shop', firstMs, { preview: true, ...BY });
    const listed = lists;
    await history.sweep('shop', new AbortController().signal);
    const listedBySweep = lists - listed;
    records.list = list;
    expect([...limits]).toEqual([1]);
    expect(listedBySweep).toBe(0);
  });

  it('what is too old is forgotten, and more days do not bring it back', async () => {
    const listed = () => place.store.records.list('history', 'shop/', 100, 'shop0');
    const sweep = () => new History(place.store).sweep('shop', new AbortController().signal);
    const kept = await listed();
    expect(kept.length).toBeGreaterThan(5);
    await sweep();
    expect(await listed()).toEqual(kept);
    const id = `shop/${String(Date.now() - 2 * 86_400_000)}-aa`;
    await place.store.records.put('history', id, { rows: [] }, 0);
    await history.begin(1);
    await sweep();
    expect(await listed()).toEqual(kept);
    const records = { at: new Date(0).toISOString(), days: 1 };
    const stored = await place.store.records.get('history start', 'all');
    await place.store.records.put('history start', 'all', records, stored?.revision ?? 0);
    await history.begin(30);
    await expect(history.check(Date.now() - 3 * 86_400_000)).rejects.toThrow('the history goes');
    await expect(history.check(Date.now() - 3_600_000)).resolves.toBeUndefined();
    await history.begin(0);
    await sweep();
    expect(await listed()).toEqual([]);
  });
});

async function stateOf(tenant: string): Promise<unknown> {
  const { products, hex } = await digestTenant(place.store, tenant);
  const ids = Array.from({ length: 6 }, (_, i) => `p${i}`);
  const prices = (await place.store.prices(tenant, ids)).map((each) => each?.prices);
  return { products, hex, prices };
}
