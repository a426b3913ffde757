import { NO_PRICES, withEntry } from '../../src/core/price-entries.js';
import {
  heldBy,
  move as movePartition,
  partitionOf,
  replicate,
  storedRow,
} from '../store/place.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BucketDigests, bucketOf } from '../../src/shard/follow/bucket-digests.js';
import { confirm, type Difference } from '../../src/shard/follow/confirm-difference.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { PutProduct, Store, StoredRow, StoreReader } from '../../src/store/store.js';
import { ReconciledShard, TENANT } from './reconciled-shard.js';
import { productTerms } from '../../src/text/product-terms.js';
import { put, remove, ShardFixture } from './shard-fixture.js';
import { upsert } from './indexed.js';

const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];
const builder = ReconciledShard.builder();
let dir: string;
let store: Store;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-reconciliation-'));
  store = await openLmdbStore({ dir });
  await ReconciledShard.place(store, 'Mice');
  await ReconciledShard.place(store, 'Pans', 's2');
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});
afterAll(() => builder.close());

/** A row as a shard would have fetched it, at a version of our choice. */
function row(id: string, version: number): StoredRow {
  const { product, vectors, model } = put(id, 'Mice', VECTOR) as PutProduct;
  return storedRow({ product, version, vectors: vectors as StoredRow['vectors'], model });
}

/** What shard s1 has to hold. */
async function wanted(): Promise<Record<string, number>> {
  const { entries } = await store.readFeed(TENANT, undefined, 10_000);
  const live = entries.filter(({ deleted, category }) => !deleted && category === 'Mice');
  return Object.fromEntries(live.map(({ id, version }) => [id, version]));
}

describe('an index that is not what the store has', () => {
  let shard: ReconciledShard;
  beforeEach(async () => {
    const ids = Array.from({ length: 150 }, (_, i) => `p${i}`);
    await store.write(
      TENANT,
      ids.map((id) => put(id, 'Mice', VECTOR, { price: 1 })),
    );
    await store.write(TENANT, [remove('p1'), put('p2', 'Mice', VECTOR, { price: 2 })]);
    await store.write(TENANT, [put('p3', 'Pans', VECTOR)]);
    shard = new ReconciledShard(store, builder);
    await shard.settle();
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(0);
  });
  afterEach(() => shard.close());

  test.each([
    ['a row is missing', () => shard.index.drop('p9', Infinity), { missing: 1 }],
    ['a row was never deleted', () => upsert(shard.index, row('p1', 2)), { surplus: 1 }],
    ['a row is unheard of', () => upsert(shard.index, row('ghost', 1e6)), { surplus: 1 }],
    ['a row should have left', () => upsert(shard.index, row('p3', 4)), { surplus: 1 }],
    ['a row is too old', () => age('p2', 3), { otherVersion: 1 }],
    ['a row is too new', () => age('p5', 1e6), { otherVersion: 1 }],
    [
      '90 are, and of 32 buckets the ids are looked at',
      () => ids(90).forEach((id) => shard.index.drop(id, 1e6)),
      { missing: 32 },
    ],
  ])('is healed, said and counted: %s', async (_, damage, said) => {
    damage();
    expect(shard.held()).not.toEqual(await wanted());
    await shard.check();
    expect(shard.held()).toEqual(await wanted());
    expect(shard.reconciler.report().reconciled).toBe(1);
    expect(shard.log.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ msg: expect.stringMatching(/differs/) as string, ...said }),
    ]);
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(1);
  });

  test.each([
    ['vector', (held: StoredRow) => ({ vectors: { text: held.vectors.text.map((v) => -v) } })],
    ['value of a field', (held: StoredRow) => ({ product: { ...held.product, price: 7 } })],
    ['type of a value', (held: StoredRow) => ({ product: { ...held.product, price: '1' } })],
    ['set of fields', (held: StoredRow) => ({ product: { ...held.product, brand: 'x' } })],
    ['price of a list', () => ({ prices: withEntry(NO_PRICES, 1, { price: 3 }) })],
    ['list', (held: StoredRow) => ({ product: { ...held.product, title: ['p9', 'x'] } })],
  ])('is found in a row of the same version: another %s', async (_, change) => {
    const [stored] = await store.rows(TENANT, ['p9']);
    if (stored === undefined) throw new Error('unreachable');
    const { version, product, model, vectors } = stored;
    shard.index.drop('p9', version);
    const damaged = { version, product, model, vectors, ...change(stored) };
    upsert(shard.index, storedRow(damaged as Parameters<typeof storedRow>[0]));
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(1);
    expect(JSON.parse(shard.log[0] ?? '')).toMatchObject({ otherContent: 1 });
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(1);
  });

  test.each([
    ['title', { title: 'another' }],
    ['brand', { brand: 'Acme' }],
    ['names of attributes', { attributes: { ram: 8 } }],
    ['description', { description: 'words that nobody else has' }],
  ])('is found in the words of a row of the same version: another %s', async (_, change) => {
    const [stored] = await store.rows(TENANT, ['p9']);
    if (stored === undefined) throw new Error('unreachable');
    await store.write(TENANT, [put('p9', 'Mice', VECTOR, { ...change, price: 1 })]);
    await shard.settle();
    const [written] = await store.rows(TENANT, ['p9']);
    if (written === undefined) throw new Error('unreachable');
    shard.index.drop('p9', written.version);
    shard.index.upsert(written, productTerms(stored.product, shard.index.text));
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(1);
    expect(JSON.parse(shard.log[0] ?? '')).toMatchObject({ otherContent: 1 });
  });

  test('is found in a small part of a tenant without reading all of its feed', async () => {
    const others = Array.from({ length: 700 }, (_, i) => put(`other${i}`, 'Pans', VECTOR));
    await store.write(TENANT, others);
    await shard.settle();
    const reads = vi.spyOn(store, 'readFeed');
    const wholeFeeds = (): unknown[] => reads.mock.calls.filter(([, after]) => after === undefined);
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(0);
    expect(wholeFeeds()).toEqual([]);
    // Nor is it read to find out: only to heal, once.
    age('p2', 3);
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(1);
    expect(shard.held()).toEqual(await wanted());
  });

  test('stays healed after a restart', async () => {
    upsert(shard.index, row('ghost', 1));
    await untilSealed();
    // One row in the tail is too few for a segment, were it not for the healing.
    shard.index.drop('p9', Infinity);
    await shard.check();
    await untilSealed();
    await shard.restart();
    await shard.settle();
    expect(shard.held()).toEqual(await wanted());
  });

  test('one that is merely behind is no difference, also when it stays so', async () => {
    const { follower } = shard;
    const position = follower.index.position;
    await follower.stop();
    await store.write(TENANT, [remove('p7'), put('new', 'Mice', VECTOR)]);
    expect(follower.index.position).toEqual(position);
    const { checks } = shard.reconciler.report();
    for (let i = 0; i < 20; i++) {
      shard.reconciler.tick();
      await sleep(5);
    }
    expect(shard.reconciler.report()).toMatchObject({ checks, reconciled: 0 });
  });

  test('what is missing of a partition that is still being built is none', async () => {
    const others = Array.from({ length: 1_000 }, (_, i) => put(`other${i}`, 'Pans', VECTOR));
    await store.write(TENANT, others);
    await shard.settle();
    const pans = await partitionOf(store, TENANT, 'Pans');
    await replicate(store, TENANT, pans, [...pans.replicas, { node: 's1', state: 'building' }]);
    shard.follower.nudge();
    while (!shard.follower.readiness.isReady(pans)) {
      shard.reconciler.tick();
      await sleep(1);
    }
    expect(shard.reconciler.report().reconciled).toBe(0);
    await shard.check();
    expect(shard.reconciler.report().reconciled).toBe(0);
  });

  test('one of another model is none, also when this one follows before it is looked at', async () => {
    const { follower } = shard;
    const other = { ...(put('p7', 'Mice', VECTOR) as PutProduct), model: 'm2', embedHash: 'm2' };
    await store.write(TENANT, [other]);
    await shard.settle();
    const { entries } = await store.readFeed(TENANT, undefined, 10_000);
    const suspect = {
      id: 'p7',
      version: entries.find(({ id }) => id === 'p7')?.version,
      isOurs: true,
      row: undefined,
    };
    const differences = (reader: StoreReader): Promise<Difference[] | undefined> =>
      confirm(reader, follower, follower.assignment, [suspect]);
    expect(await differences(store)).toEqual([]);
    const rows: Store['rows'] = async (tenant, asked) => {
      await store.write(TENANT, [put('p7', 'Mice', VECTOR)]);
      return store.rows(tenant, asked);
    };
    const late = new Proxy(store, {
      get: (target, key) => {
        if (key === 'rows') return rows;
        const value = Reflect.get(target, key) as unknown;
        return value instanceof Function ? (value.bind(target) as unknown) : value;
      },
    });
    expect(await differences(late)).toEqual([]);
  });

  const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${i + 10}`);

  function age(id: string, version: number): void {
    shard.index.drop(id, Infinity);
    upsert(shard.index, row(id, version));
  }

  /** The tail was built into a segment, with a manifest that says so. */
  async function untilSealed(): Promise<void> {
    for (let i = 0; i < 1_000; i++) {
      const { tail, frozen } = shard.index;
      if (tail.rows === 0 && frozen === undefined) return;
      shard.follower.nudge();
      await sleep(5);
    }
    throw new Error('never sealed');
  }
});

type Step =
  | { kind: 'write' | 'delete' | 'leave'; ids: number[] }
  | { kind: 'move' | 'purge' | 'other model' | 'rest' };

const some = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), ids: some }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), ids: some }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), ids: some }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('move', 'purge', 'other model', 'rest'),
    }),
  },
);

test('a busy feed never looks like a difference, and hides none for long', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 30, maxLength: 60 }),
    fc.integer({ min: 0, max: 6 }),
    async (steps, late) => {
      let turn = 0;
      const shard = new ReconciledShard(store, builder, () => (turn = (turn + 1) % (late + 1)));
      try {
        for (const [i, each] of steps.entries()) {
          await take(each, i);
          shard.reconciler.tick();
          if (i % 3 === 0) await sleep(1);
        }
        await store.write(TENANT, [put('p', 'Mice', VECTOR, { price: turn })]);
        await shard.settle();
        await shard.check();
        expect(shard.reconciler.report().reconciled).toBe(0);
        shard.index.drop('p', Infinity);
        for (let i = 0; i < 200 && shard.reconciler.report().reconciled === 0; i++) {
          await take({ kind: 'write', ids: [i % 60] }, i);
          shard.reconciler.tick();
          await sleep(1);
        }
        expect(shard.reconciler.report().reconciled).toBe(1);
        await shard.settle();
        expect(shard.index.heldVersion('p')).toBeDefined();
      } finally {
        await shard.close();
      }
    },
  );
  // Shrinking would take longer than a test may, and hide what failed.
  await fc.assert(property, { numRuns: 15, endOnFailure: true });
});

async function take(each: Step, price: number): Promise<void> {
  switch (each.kind) {
    case 'write':
      await store.write(
        TENANT,
        each.ids.map((id) => put(`p${id}`, 'Mice', VECTOR, { price })),
      );
      break;
    case 'leave':
      await store.write(
        TENANT,
        each.ids.map((id) => put(`p${id}`, 'Pans', VECTOR, { price })),
      );
      break;
    case 'delete':
      await store.write(
        TENANT,
        each.ids.map((id) => remove(`p${id}`)),
      );
      break;
    case 'other model': {
      const write = put('p0', 'Mice', VECTOR, { price }) as PutProduct;
      await store.write(TENANT, [{ ...write, model: 'm2', embedHash: `m2 ${price}` }]);
      break;
    }
    case 'move':
      await moveAny();
      break;
    case 'purge':
      await store.purgeTombstones(Date.now() + 1_000);
      break;
    case 'rest':
      await sleep(10);
  }
}

async function moveAny(): Promise<void> {
  const pans = await partitionOf(store, TENANT, 'Pans');
  await movePartition(store, TENANT, pans, heldBy('s1', [pans]).length > 0 ? 's2' : 's1');
}

test('digests are of the set, whatever its order, and tell which buckets differ', () => {
  const hash = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const version = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const rows = fc.uniqueArray(fc.tuple(hash, version), { maxLength: 50, selector: ([, v]) => v });
  const digestsOf = (list: readonly (readonly [number, number])[]): BucketDigests => {
    const digests = new BucketDigests();
    for (const [h, v] of list) digests.add(h, v);
    return digests;
  };
  fc.assert(
    fc.property(rows, hash, version, (list, h, v) => {
      fc.pre(list.every(([, other]) => other !== v));
      const all = digestsOf(list);
      expect(all.differing(digestsOf([...list].reverse()))).toEqual([]);
      expect(all.differing(digestsOf([...list, [h, v]]))).toEqual([bucketOf(h)]);
      if (list.length === 0) return;
      const [first, ...rest] = list as [[number, number], ...[number, number][]];
      expect(all.differing(digestsOf([[first[0], v], ...rest]))).toEqual([bucketOf(first[0])]);
    }),
  );
});

test('a shard tells of its checks, or of none when they are off', async () => {
  const on = await ShardFixture.open({ reconcile: { intervalMs: 1, cpuShare: 1 } });
  try {
    await on.place('Mice');
    await on.write([put('m', 'Mice', VECTOR)]);
    for (let i = 0; i < 400; i++) {
      if (on.node.status().reconciliation?.checkedAtMs !== null) break;
      await sleep(10);
    }
    const { reconciliation } = on.node.status();
    expect(reconciliation).toMatchObject({ reconciled: 0 });
    expect(reconciliation?.checkedAtMs).toBeGreaterThan(0);
  } finally {
    await on.close();
  }
  const off = await ShardFixture.open();
  expect(off.node.status()).not.toHaveProperty('reconciliation');
  await off.close();
});
