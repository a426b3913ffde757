import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { idHashes } from '../../src/core/ids.js';
import type { LeafView } from '../../src/query/result-set.js';
import type { After } from '../../src/query/sort.js';
import type { ViewsFound } from '../../src/shard/leaf/views/search-views.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { look } from './leaf-fixture.js';
import {
  boosts,
  facet,
  facetOf,
  filter,
  goods,
  groupsOf,
  inOrder,
  inView,
  isExact,
  isShown,
  meets,
  scored,
  sort,
  sortValue,
  type Scored,
} from './views-fixture.js';
import { BLOCKS, directionOf, indexOf, textQuery, type Made } from './words-fixture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-views-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
let n = 0;

const shape = fc.record({ blocks: fc.integer({ min: 1, max: BLOCKS }), merged: fc.boolean() });
const direction = fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined });

async function withIndex<T>(
  all: readonly Made[],
  how: { blocks: number; merged: boolean },
  work: (index: TenantIndex) => Promise<T>,
): Promise<T> {
  const index = await indexOf(folder, `s${n++}`, all, how);
  try {
    return await work(index);
  } finally {
    for (const segment of index.segments) await segment.close();
  }
}

function hitsOf({ views }: ViewsFound, view = 0): { id: string; score: number }[] {
  return (views[view]?.hits ?? []).map(({ id, score }) => ({ id, score }));
}

const justHits = (all: readonly Scored[]) => all.map(({ id, score }) => ({ id, score }));

describe('the views of a result set', () => {
  test('invariant 10: totals, facets and hits by score are those of the set looked at product by product, however it is cut into segments and write buffer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ all: goods, how: shape, text: textQuery, at: direction, boosts }),
        fc.record({
          required: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
          members: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
          hidden: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
        }),
        fc.array(
          fc.record({
            filter: fc.option(filter, { nil: undefined }),
            facets: fc.array(facet, { maxLength: 3 }),
            k: fc.constantFrom(0, 1, 5, 100),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        async ({ all, how, text, at, boosts }, { required, members, hidden }, asked) => {
          const vector = at === undefined ? undefined : directionOf(at);
          const slots = required.filter((slot) => slot < text.slots.length);
          const ids = (some: readonly number[]) => some.map((one) => `P-${one}`);
          const inSet = (made: Made): boolean =>
            (slots.length > 0 && slots.every((slot) => meets(made, text.slots[slot] as never))) ||
            isExact(made, text) ||
            ids(members).includes(made.product.id);
          const set = all
            .filter((made) => !made.isDead && inSet(made) && isShown(made, text))
            .filter(({ product }) => !ids(hidden).includes(product.id))
            .map((made) => scored(made, { text, vector, boosts }));
          const views = asked.map(({ filter, ...rest }): LeafView => ({
            ...(filter === undefined ? {} : { filter }),
            ...rest,
          }));
          const found = await withIndex(all, how, (index) =>
            look(index, {
              ...{ text, vector, boosts, views, hidden: idHashes(ids(hidden)) },
              set: { required: slots, members: idHashes(ids(members)) },
            }),
          );
          views.forEach((view, i) => {
            const shown = inView(set, view);
            const { total, facets, more } = found.views[i] as ViewsFound['views'][number];
            expect(total).toBe(shown.length);
            expect(more).toBe(shown.length > view.k);
            expect(hitsOf(found, i)).toEqual(justHits(inOrder(shown).slice(0, view.k)));
            expect(facets).toEqual(view.facets?.map((query) => facetOf(shown, query)));
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  test('pages one behind the other are the whole order, whatever keys it has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ all: goods, how: shape, text: fc.option(textQuery, { nil: undefined }) }),
        fc.record({ at: direction, boosts, sort: fc.option(sort, { nil: undefined }) }),
        fc.record({ k: fc.constantFrom(1, 3, 7), filter: fc.option(filter, { nil: undefined }) }),
        async ({ all, how, text }, { at, boosts, sort }, { k, filter }) => {
          const vector = at === undefined ? undefined : directionOf(at);
          const view: LeafView = {
            ...(filter === undefined ? {} : { filter }),
            ...(sort === undefined ? {} : { sort }),
            k,
          };
          const set = all
            .filter((made) => !made.isDead && isShown(made, text))
            .map((made) => scored(made, { text, vector, boosts }));
          const expected = inOrder(inView(set, view), sort);
          await withIndex(all, how, async (index) => {
            const pages: Scored[] = [];
            let after: After | undefined;
            for (;;) {
              const asked = after === undefined ? view : { ...view, after };
              const found = await look(index, { text, vector, boosts, views: [asked] });
              const [page] = found.views;
              if (page === undefined) throw new Error('a view without an answer');
              const { hits, keys } = page;
              const slice = expected.slice(pages.length, pages.length + k);
              expect(justHits(hits as never)).toEqual(justHits(slice));
              if (sort !== undefined) {
                expect(keys).toEqual(slice.map((one) => sort.map((key) => sortValue(one, key))));
              }
              pages.push(...slice);
              expect(page.more).toBe(pages.length < expected.length);
              const last = hits.at(-1);
              if (last === undefined || !page.more) break;
              after = { keys: keys?.at(-1) ?? [last.score], id: last.id };
            }
            expect(pages).toHaveLength(expected.length);
          });
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('groups', () => {
  test('are those of each product by itself: the first of each, in order, with their sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ all: goods, how: shape, text: fc.option(textQuery, { nil: undefined }) }),
        fc.record({ at: direction, boosts, sort: fc.option(sort, { nil: undefined }) }),
        fc.record({
          field: fc.constantFrom('brand', 'price', 'tags', 'in_stock', 'none'),
          limit: fc.constantFrom(1, 2, 9),
          k: fc.constantFrom(0, 1, 3, 50),
        }),
        async ({ all, how, text }, { at, boosts, sort }, { field, limit, k }) => {
          const vector = at === undefined ? undefined : directionOf(at);
          const view: LeafView = {
            ...(sort === undefined ? {} : { sort }),
            ...{ k, group: { field, limit } },
          };
          const set = all
            .filter((made) => !made.isDead && isShown(made, text))
            .map((made) => scored(made, { text, vector, boosts }));
          const expected = groupsOf(inOrder(set, sort), field);
          await withIndex(all, how, async (index) => {
            const request = { text, vector, boosts };
            const found = await look(index, { ...request, views: [view] });
            const [page] = found.views;
            const first = expected.slice(0, k);
            const members = first.flatMap(({ hits }) => hits.slice(0, limit));
            expect(hitsOf(found)).toEqual(justHits(members));
            const shown = first.flatMap((group) => group.hits.slice(0, limit).map(() => group));
            expect(page?.groups?.of).toEqual(shown.map(({ value }) => value));
            expect(page?.groups?.sizes).toEqual(shown.map(({ hits }) => hits.length));
            const named = expected.filter(({ value }) => value !== null);
            expect(page?.groups?.single).toBe(expected.length - named.length);
            expect(page?.groups?.keys).toHaveLength(8 * named.length);
            expect(page?.more).toBe(expected.length > k);

            const values = named.slice(1, 4).map(({ value }) => value as string);
            const asked = { ...view, k: 3, group: { field, limit, values } };
            const filled = await look(index, { ...request, views: [asked] });
            const wanted = named.slice(1, 4).flatMap(({ hits }) => hits.slice(0, limit));
            expect(hitsOf(filled)).toEqual(justHits(wanted));
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('choosing a result set', () => {
  test('counts who has all words but the first ones, and finds who is nearest', async () => {
    await fc.assert(
      fc.asyncProperty(goods, shape, textQuery, direction, async (all, how, text, at) => {
        const vector = at === undefined ? undefined : directionOf(at);
        const drop = [...text.slots.keys()].reverse();
        const live = all.filter(({ isDead }) => !isDead);
        const exact = live.filter((made) => isExact(made, text)).length;
        const { chosen } = await withIndex(all, how, (index) =>
          look(index, { text, vector, choose: { drop, nearest: 3 } }),
        );
        const having = drop.map((_, i) => {
          const slots = drop.slice(i).map((slot) => text.slots[slot]);
          return live.filter((made) => slots.every((slot) => meets(made, slot as never))).length;
        });
        expect(chosen).toMatchObject({ having, exact });
        const near = live
          .map((made) => scored(made, { vector, boosts: [] }))
          .filter(({ score }) => score >= (text.cutoff ?? -Infinity));
        const expected = vector === undefined || exact > 0 ? [] : inOrder(near).slice(0, 3);
        const nearest = chosen?.nearest.map(({ id, score }) => ({ id, score }));
        expect(nearest).toEqual(justHits(expected));
      }),
      { numRuns: 15 },
    );
  });
});

test('a view may be of some categories, of some products, and of what was written by a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ all: goods, how: shape, until: fc.integer({ min: 0, max: 60 }) }),
      fc.uniqueArray(fc.constantFrom<string>('Mice', 'Pads', 'none'), { maxLength: 2 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 9 }),
      async ({ all, how, until }, categories, some) => {
        const only = some.map((one) => `P-${one}`);
        const set = all
          .filter(({ isDead }, i) => !isDead && i + 1 <= until)
          .map((made) => scored(made, { boosts: [] }));
        const found = await withIndex(all, how, (index) => {
          const named = { k: 100, only: idHashes(only) };
          return look(index, { until, views: [{ k: 100 }, { k: 100, categories }, named] });
        });
        const ofCategories = set.filter(({ made }) => categories.includes(made.product.category));
        expect(hitsOf(found)).toEqual(justHits(inOrder(set)));
        expect(hitsOf(found, 1)).toEqual(justHits(inOrder(ofCategories)));
        expect(hitsOf(found, 2)).toEqual(
          justHits(inOrder(set.filter(({ id }) => only.includes(id)))),
        );
      },
    ),
    { numRuns: 15 },
  );
});

test('past its time a search says so, and counts nothing that it did not look at', async () => {
  const all = fc.sample(goods, { numRuns: 1, seed: 5 })[0] as Made[];
  await withIndex(all, { blocks: 3, merged: false }, async (index) => {
    const spent = new Budget(Deadline.after(0));
    const views = [{ k: 5, facets: [{ field: 'brand' }] }];
    const found = await look(index, { views }, spent);
    expect(found.timedOut).toBe(true);
    expect(found.views).toMatchObject([{ total: 0, hits: [] }]);
  });
});
