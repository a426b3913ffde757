import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { History } from '../../src/backup/history.js';
import { RestoreDesk } from '../../src/backup/restore-desk.js';
import { Rollback } from '../../src/backup/rollback.js';
import { AuditLog } from '../../src/tenancy/audit-log.js';
import { digestTenant } from '../../src/store/catalogue-pages.js';
import { openPlace, product, type Place } from './place.js';

const BY = { by: null };

let place: Place;
let history: History;
let rollback: Rollback;

function over(days: number): Rollback {
  const { store, directory, deps } = place;
  history = new History(store, days);
  const restores = new RestoreDesk({
    ...{ store, tenants: directory, model: deps.model },
    place: (...asked) => deps.placement.ensure(...asked),
    nodes: async () => ['s1'],
    nudge: () => undefined,
    awaitApplied: async () => [],
  });
  return new Rollback({ store, history, restores, audit: new AuditLog(store.records) });
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
  rollback = over(3);
});
afterAll(() => place.close());

describe('a rollback', () => {
  it('is refused where no history is kept', async () => {
    await expect(over(0).run('shop', Date.now(), { preview: true, ...BY })).rejects.toThrow(
      'HISTORY_DAYS',
    );
    rollback = over(3);
    await history.begin();
    const before = Date.now() - 60_000;
    await expect(rollback.run('shop', before, { preview: true, ...BY })).rejects.toThrow(
      'the history goes from',
    );
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

  it('what is too old is forgotten', async () => {
    const kept = await place.store.records.list('history', 'shop/', 100, 'shop0');
    expect(kept.length).toBeGreaterThan(5);
    await over(3).run('shop', Date.now() - 1, { preview: true, ...BY });
    await history.sweep('shop', new AbortController().signal);
    expect(await place.store.records.list('history', 'shop/', 100, 'shop0')).toEqual(kept);
    await new History(place.store, 0).sweep('shop', new AbortController().signal);
    expect(await place.store.records.list('history', 'shop/', 100, 'shop0')).toEqual([]);
  });
});

async function stateOf(tenant: string): Promise<unknown> {
  const { products, hex } = await digestTenant(place.store, tenant);
  const ids = Array.from({ length: 6 }, (_, i) => `p${i}`);
  const prices = (await place.store.prices(tenant, ids)).map((each) => each?.prices);
  return { products, hex, prices };
}
