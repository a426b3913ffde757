import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { TENANT_KIND } from '../../src/store/record-store.js';
import {
  storedTerms,
  switchedTerms,
  tenantTerms,
  wantedTerms,
  type TenantTerms,
} from '../../src/text/term-settings.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { fill, ManyTenants, SLEEPY, someProducts, VECTOR } from './many-tenants.js';
import { askNode, HOSTING, MODEL, put, remove } from './shard-fixture.js';

let many: ManyTenants | undefined;
afterEach(async () => {
  await many?.close();
  many = undefined;
});

const T = 't0';
const FAST = { ...HOSTING, pollMs: 5 };

async function open(products: number, hosting = FAST): Promise<ManyTenants> {
  many = await ManyTenants.open({ hosting }, (store) => fill(store, 1, products));
  return many;
}

/** Changes what the tenant's record says of its terms. */
async function change(
  { store }: ManyTenants,
  next: (terms: TenantTerms) => TenantTerms,
): Promise<number> {
  const record = await store.records.get(TENANT_KIND, T);
  const terms = next(tenantTerms(record?.value));
  const value = { ...record?.value, terms: storedTerms(terms) };
  await store.records.put(TENANT_KIND, T, value, record?.revision ?? 0);
  return terms.next?.generation ?? terms.serving.generation;
}

/** Asks for other searchable fields; returns the generation that will have them. */
async function wantField(shard: ManyTenants, field: string): Promise<number> {
  return change(shard, (terms) =>
    wantedTerms(terms, { ...terms.serving, searchable: [{ field, weight: 1 }] }),
  );
}

async function serve(shard: ManyTenants, generation: number): Promise<void> {
  await change(shard, (terms) => switchedTerms(terms, generation) ?? terms);
}

/** How many products a search that names the generation finds; undefined where it is refused. */
async function found(
  { node, store }: ManyTenants,
  generation: number,
): Promise<number | undefined> {
  const { counter, partitions } = await store.placement(T);
  const { hits, refused } = await askNode(node, {
    ...{ type: 'search', tenant: T, counter, model: MODEL, budgetMs: 20_000 },
    group: 's1/',
    partitions: encodePartitions(partitions),
    query: {
      ...{ vector: vectorBytes(Float32Array.from(VECTOR)), exact: true },
      views: [{ k: 10_000 }],
      text: { slots: [], analyzer: ANALYZER_VERSION, generation },
    },
  });
  return refused.length > 0 ? undefined : hits.ids.length;
}

async function caughtUp({ node, store }: ManyTenants, generation: number): Promise<boolean> {
  const mark = await store.head(T);
  return node.awaitApplied({ type: 'await', tenant: T, mark, generation, budgetMs: 20_000 });
}

const switching = ({ node }: ManyTenants) => node.status().switching;

describe('a new generation of the text settings', () => {
  test('is hosted beside the one that serves, has files of its own, and takes over', async () => {
    const shard = await open(12_000);
    await shard.awaitApplied(T);
    await shard.until(() => shard.folders().length === 1, 'sealed');
    const next = await wantField(shard, 'title');
    await shard.until(() => switching(shard).tenants === 1, 'hosted');
    expect(await caughtUp(shard, next)).toBe(true);
    expect(switching(shard).first).toMatchObject([
      { tenant: T, generation: next, documents: 12_000, of: 12_000, ready: true },
    ]);
    expect(shard.node.status().documents).toBe(12_000);
    expect([await found(shard, 0), await found(shard, next)]).toEqual([10_000, 10_000]);
    await shard.until(() => shard.folders().length === 2, 'both sealed');
    await serve(shard, next);
    await shard.until(() => shard.folders().length === 1, 'the older one gone');
    expect(await found(shard, 0)).toBeUndefined();
    expect(await found(shard, next)).toBe(10_000);
    expect(switching(shard)).toEqual({ tenants: 0, first: [] });
    await shard.restart();
    expect(await found(shard, next)).toBe(10_000);
    expect(shard.folders()).toHaveLength(1);
  }, 60_000);

  test('costs a tenant that sleeps nothing until somebody waits for it', async () => {
    const shard = await open(20, SLEEPY);
    const next = await wantField(shard, 'title');
    await shard.until(() => switching(shard).first[0]?.ready === true, 'seen');
    expect(shard.node.openTenants).toBe(0);
    expect(await caughtUp(shard, next)).toBe(true);
    await serve(shard, next);
    await shard.until(() => switching(shard).tenants === 0, 'switched');
    expect(await found(shard, next)).toBe(20);
    await shard.asleep();
    // Once the older generation is gone, too.
    await sleep(SLEEPY.switchGraceMs * 4);
    shard.calls.length = 0;
    await sleep(50);
    expect(shard.calls.filter(({ name }) => name !== 'changedTenants')).toEqual([]);
  });

  test('follows the feed like the other: a write that is waited for is in both', async () => {
    const shard = await open(20);
    const next = await wantField(shard, 'title');
    await shard.until(() => switching(shard).tenants === 1, 'hosted');
    expect(await caughtUp(shard, next)).toBe(true);
    for (let round = 0; round < 20; round++) {
      await shard.store.write(T, [put(`more${round}`, 'Mice', VECTOR), remove(`p${round}`)]);
      expect(await shard.awaitApplied(T)).toBe(true);
      expect([await found(shard, 0), await found(shard, next)]).toEqual([20, 20]);
    }
  });

  test('no search misses anything while one switch follows the other', async () => {
    const shard = await open(300);
    await shard.awaitApplied(T);
    let serving = 0;
    let done = false;
    let searches = 0;
    const searching = (async () => {
      while (!done) {
        // As a query node does that learns of a switch a little later.
        const asked = serving;
        await sleep(2);
        expect(await found(shard, asked)).toBe(300);
        searches += 1;
      }
    })();
    for (const field of ['title', 'brand', 'category', 'description']) {
      const next = await wantField(shard, field);
      expect(await caughtUp(shard, next)).toBe(true);
      await serve(shard, next);
      serving = next;
      await sleep(30);
    }
    done = true;
    await searching;
    expect(searches).toBeGreaterThan(10);
    expect(serving).toBe(4);
  });

  test('of several changes in a row the last one is left, its forerunners leave nothing', async () => {
    const shard = await open(1_200);
    await shard.awaitApplied(T);
    for (const field of ['title', 'brand', 'category']) {
      await wantField(shard, field);
      await shard.until(() => switching(shard).tenants === 1, 'hosted');
    }
    const last = await wantField(shard, 'description');
    expect(last).toBe(4);
    await shard.until(() => switching(shard).first[0]?.generation === last, 'the last one');
    expect(await found(shard, 2)).toBeUndefined();
    expect(await caughtUp(shard, last)).toBe(true);
    await serve(shard, last);
    await shard.until(() => shard.folders().length === 1, 'one is left');
    expect(await found(shard, last)).toBe(1_200);
  });

  test('what is given up again goes without a trace', async () => {
    const shard = await open(1_200);
    await shard.awaitApplied(T);
    await wantField(shard, 'title');
    await shard.until(() => switching(shard).tenants === 1, 'hosted');
    const before = await change(shard, (terms) =>
      wantedTerms(terms, tenantTerms(undefined).serving),
    );
    expect(before).toBe(0);
    await shard.until(() => switching(shard).tenants === 0, 'given up');
    await shard.until(() => shard.folders().length === 1, 'its files are gone');
    expect(await found(shard, 0)).toBe(1_200);
  });

  test.each([
    ['before anything of it is sealed', 0],
    ['when it is sealed', 2],
  ])('a shard that is killed goes on with both, %s', async (_, folders) => {
    const shard = await open(1_200);
    await shard.awaitApplied(T);
    const next = await wantField(shard, 'title');
    await shard.until(() => switching(shard).tenants === 1, 'hosted');
    await shard.until(() => shard.folders().length >= folders, 'sealed');
    await shard.restart();
    expect(switching(shard)).toMatchObject({ tenants: 1 });
    expect(await found(shard, 0)).toBe(1_200);
    expect(await caughtUp(shard, next)).toBe(true);
    expect(await found(shard, next)).toBe(1_200);
  });

  test('a switch that a shard slept through is what it starts with', async () => {
    const shard = await open(1_200);
    await shard.awaitApplied(T);
    await shard.until(() => shard.folders().length === 1, 'sealed');
    await shard.node.close();
    const next = await wantField(shard, 'title');
    await serve(shard, next);
    await shard.store.write(T, someProducts(10, 5_000));
    await shard.restart();
    expect(shard.node.status()).toMatchObject({ documents: 1_210, switching: { tenants: 0 } });
    expect(await caughtUp(shard, next)).toBe(true);
    expect(await found(shard, next)).toBe(1_210);
  });

  test('a generation that nobody has heard of is not ready, and is no answer', async () => {
    const shard = await open(3);
    expect(await found(shard, 7)).toBeUndefined();
    expect(await caughtUp(shard, 7)).toBe(false);
  });
});
