import { afterEach, beforeEach, expect, test } from 'vitest';
import { placedFrom } from '../../src/cluster/placed-pages.js';
import { allPlaced, liesOn } from '../../src/placement/reassign.js';
import type { Store } from '../../src/store/store.js';
import { partition } from '../cluster/desk-fixture.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';
import { place } from '../store/place.js';
import { turnsDuring } from '../turns-during.js';

const TENANTS = Array.from({ length: 205 }, (_, i) => `t${String(i).padStart(3, '0')}`);

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
let store: Store;
beforeEach(async () => {
  fixture = await makeLmdbStore();
  ({ store } = fixture);
  for (const tenant of TENANTS) await place(store, tenant, [partition('a', 's1')]);
});
afterEach(async () => fixture.close());

test('who goes through all that is placed meets each tenant, and lets others have turns in between', async () => {
  for (const all of [() => allPlaced(store), () => placedFrom(store, {})]) {
    const met: string[] = [];
    const turns = await turnsDuring(async () => {
      for await (const { tenant } of all()) met.push(tenant);
    });
    expect(met).toEqual(TENANTS);
    expect(turns).toBeGreaterThanOrEqual(10);
  }
  const pool = { nodes: [{ node: 's1' }], sets: [['s1']] };
  const turns = await turnsDuring(async () => {
    expect(await liesOn(store, () => pool, 1)).toBe(true);
  });
  expect(turns).toBeGreaterThanOrEqual(10);
});
