import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, type PriceEntry } from '../../../src/core/price-entries.js';
import type { PriceWrite, ProductWrite, Store, WriteMark } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';
import { Follower, liveVersions } from './follower.js';
import { put, remove } from './writes.js';

/** The store in its simplest form: what it must look like from outside. */
class ModelTenant {
  readonly products = new Map<
    string,
    { category: string; title: string; feedVersion: number | undefined }
  >();
  /** By product what each list says. */
  readonly prices = new Map<string, Map<number, PriceEntry>>();
  /** Feed versions that versioned deletes left. */
  readonly bars = new Map<string, number>();

  apply(write: ProductWrite): string {
    if (write.op === 'price') return this.price(write);
    const { id, feedVersion } = write;
    const stored = this.products.get(id);
    const bar = stored === undefined ? this.bars.get(id) : stored.feedVersion;
    if (feedVersion !== undefined && bar !== undefined && feedVersion < bar) return 'stale';
    if (write.op === 'delete') {
      if (stored === undefined) return 'missing';
      this.products.delete(id);
      this.prices.delete(id);
      if (feedVersion !== undefined) this.bars.set(id, feedVersion);
      return 'applied';
    }
    const { category, title } = write.product;
    if (stored?.category === category && stored.title === title) return 'unchanged';
    this.products.set(id, { category, title, feedVersion });
    this.bars.delete(id);
    return 'applied';
  }

  private price({ id, list, entry }: PriceWrite): string {
    if (!this.products.has(id)) return 'missing';
    const own = this.prices.get(id) ?? new Map<number, PriceEntry>();
    // Records are made without a prototype now and then.
    if (isDeepStrictEqual({ ...own.get(list) }, { ...entry })) return 'unchanged';
    this.prices.set(id, own);
    if (entry === undefined) own.delete(list);
    else own.set(list, entry);
    return 'applied';
  }

  categories(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { category } of this.products.values()) {
      counts.set(category, (counts.get(category) ?? 0) + 1);
    }
    return counts;
  }
}

const IDS = ['a', 'ab', 'a\u0000', 'b', 'ü', '😀'];
const CATEGORIES = ['A', 'B', 'C'];
const FOLLOWERS = 3;

const id = fc.constantFrom(...IDS);
const feedVersion = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 2 });
const aPut = fc
  .record({
    id,
    category: fc.constantFrom(...CATEGORIES),
    title: fc.constantFrom('x', 'y'),
    feedVersion,
  })
  .map(({ feedVersion: version, ...rest }) =>
    put(rest.id, { ...rest, ...(version === undefined ? {} : { feedVersion: version }) }),
  );
const aRemove = fc
  .record({ id, feedVersion })
  .map((r) => remove(r.id, r.feedVersion === undefined ? {} : { feedVersion: r.feedVersion }));
const aPrice = fc.record({
  op: fc.constant('price' as const),
  id,
  list: fc.integer({ min: 1, max: 3 }),
  entry: fc.option(
    fc.oneof(
      fc.record({ price: fc.constantFrom(0, 19.9, -0.5, 1 / 3, 1e300) }),
      fc.record({ price: fc.constantFrom(7, 1234567.89), inStock: fc.boolean() }),
      fc.record({ inStock: fc.boolean() }),
    ),
    { nil: undefined, freq: 3 },
  ),
});
const aWrite: fc.Arbitrary<ProductWrite> = fc.oneof(
  { weight: 2, arbitrary: aPut },
  { weight: 1, arbitrary: aRemove },
  { weight: 2, arbitrary: aPrice },
);
const tenant = fc.constantFrom(0, 1);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      tenant,
      writes: fc.array(aWrite, { maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      tenant,
      follower: fc.nat(FOLLOWERS - 1),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const) }) },
);

/** A tenant of the store, its model and its followers: one of everything, two of single categories. */
class Pair {
  readonly model = new ModelTenant();
  readonly followers: Follower[];
  mark: WriteMark | undefined;

  constructor(
    private readonly store: Store,
    readonly name: string,
  ) {
    this.followers = [undefined, 'A', 'B'].map(
      (wanted) =>
        new Follower(store, name, (entry) => wanted === undefined || entry.category === wanted),
    );
  }

  async write(writes: ProductWrite[]): Promise<void> {
    const { statuses, mark } = await this.store.write(this.name, writes);
    expect(statuses).toEqual(writes.map((write) => this.model.apply(write)));
    this.mark = mark;
  }

  async check(): Promise<void> {
    const live = await liveVersions(this.store, this.name, IDS);
    expect([...live.keys()].sort()).toEqual([...this.model.products.keys()].sort());
    const documents = await this.store.documents(this.name, [...this.model.products.keys()]);
    for (const [i, { category, title }] of [...this.model.products.values()].entries()) {
      expect(documents[i]?.product).toMatchObject({ category, title });
    }
    const ids = [...this.model.products.keys()];
    const rows = await this.store.rows(this.name, ids);
    for (const [i, found] of (await this.store.prices(this.name, ids)).entries()) {
      const expected = this.model.prices.get(ids[i] as string) ?? new Map();
      expect(new Map(entriesOf(found?.prices ?? new Uint8Array()))).toEqual(expected);
      expect(new Map(entriesOf(rows[i]?.prices ?? new Uint8Array()))).toEqual(expected);
      expect(found?.version).toBe(rows[i]?.version);
      expect(found?.contentVersion).toBeLessThanOrEqual(rows[i]?.version ?? -1);
    }
    const categories = await this.store.categories(this.name);
    expect(new Map(categories.map((c) => [c.category, c.products]))).toEqual(
      this.model.categories(),
    );
    if (this.mark === undefined) return;
    for (const [i, wanted] of [undefined, 'A', 'B'].entries()) {
      const follower = this.followers[i]!;
      await follower.catchUp(this.mark, 3);
      const expected = [...live].filter(
        ([key]) => wanted === undefined || this.model.products.get(key)?.category === wanted,
      );
      expect(follower.held).toEqual(new Map(expected));
    }
  }
}

export function modelContract(use: UseFixture, runs: number): void {
  describe('against a model', () => {
    it('followers end with exactly the ids and versions of the store, tenants apart', async () => {
      const { store } = use();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          run += 1;
          const before = await store.productCount();
          const pairs = [new Pair(store, `t${run}`), new Pair(store, `t${run}-`)];
          for (const s of steps) {
            if (s.do === 'purge') {
              await store.purgeTombstones(Date.now() + 1000);
              for (const pair of pairs) pair.model.bars.clear();
              continue;
            }
            const pair = pairs[s.tenant]!;
            if (s.do === 'write') await pair.write(s.writes);
            else await pair.followers[s.follower]?.readPage(s.limit);
          }
          for (const pair of pairs) await pair.check();
          const added = pairs.reduce((sum, pair) => sum + pair.model.products.size, 0);
          expect(await store.productCount()).toBe(before + added);
        }),
        { numRuns: runs },
      );
    });
  });
}
