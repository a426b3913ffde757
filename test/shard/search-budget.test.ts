import { expect, test, vi } from 'vitest';
import { Budget, LOOK_EVERY_UNITS } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { HASH_END } from '../../src/core/ids.js';
import type { Filter } from '../../src/filter/filter.js';
import { buildColumn } from '../../src/shard/index/columns/build-column.js';
import type { Column } from '../../src/shard/index/column.js';
import type { CategoryRange } from '../../src/shard/index/segment-reader.js';
import { filterRows } from '../../src/shard/leaf/filter-rows.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { storedRow } from '../store/place.js';
import { newIndex, upsert } from './indexed.js';
import { look } from './leaf-fixture.js';

const ROWS = 300_000;
const LEAVES = 100;

/** Counts what is done between two looks at it; its clock moves by what is done. */
class CountingBudget extends Budget {
  looks = 0;
  mostBetweenLooks = 0;
  private sinceLook = 0;

  constructor(
    private readonly done: { units: number },
    ...rest: ConstructorParameters<typeof Budget>
  ) {
    super(...rest);
  }

  get units(): number {
    return this.done.units;
  }

  override spend(units: number): boolean {
    this.done.units += units;
    this.sinceLook += units;
    this.mostBetweenLooks = Math.max(this.mostBetweenLooks, this.sinceLook);
    return super.spend(units);
  }

  override pause(): Promise<boolean> {
    this.looks += 1;
    this.sinceLook = 0;
    return super.pause();
  }
}

/** A budget whose time is `unitsAllowed` units of work. */
function untilUnits(unitsAllowed: number): CountingBudget {
  const done = { units: 0 };
  const now = (): number => done.units;
  return new CountingBudget(done, Deadline.after(unitsAllowed, now), { turnMs: 0, now });
}

const TITLES: Column = [
  buildColumn(
    'text',
    { firstRow: 0, rowCount: ROWS },
    {
      rows: Array.from({ length: ROWS }, (_, row) => row),
      values: Array.from({ length: ROWS }, (_, row) => `title ${(row * 7_919) % ROWS}`),
    },
  ),
];

const RANGES: Filter = {
  kind: 'or',
  of: Array.from({ length: LEAVES }, (_, i) => ({
    kind: 'range' as const,
    field: 'title',
    op: 'gte' as const,
    value: `title 99${i}`,
  })),
};

const columnOf = (): Column => TITLES;

test('a hundred ranges of texts over 300,000 rows look at the budget every few ten thousand comparisons, and end when it is spent', async () => {
  const whole = untilUnits(Infinity);
  const all = await filterRows(RANGES, ROWS, columnOf, whole);
  expect(all.isComplete).toBe(true);
  expect(whole.units).toBeGreaterThanOrEqual(ROWS * LEAVES);
  // 0.1 ms of comparisons: a turn may be given away after any of them.
  expect(whole.mostBetweenLooks).toBeLessThanOrEqual(8 * LOOK_EVERY_UNITS);
  expect(whole.yields).toBe(whole.looks);

  const short = untilUnits(3_000_000);
  const some = await filterRows(RANGES, ROWS, columnOf, short);
  expect(some.isComplete).toBe(false);
  expect(short.wasSpent).toBe(true);
  expect(short.units).toBeLessThanOrEqual(3_000_000 + 8 * LOOK_EVERY_UNITS);
  // What it says of the rows that it came to is right, and of the others it says nothing.
  const reached = short.units / (LEAVES + 1);
  const found = [...some.rows.rows()];
  expect(found.length).toBeGreaterThan(0);
  expect(found).toEqual([...all.rows.rows(0, Math.floor(reached))]);
});

test('a search whose budget is spent answers with what it has found, and says so', async () => {
  const index = newIndex(512);
  for (let row = 0; row < 30_000; row++) {
    const text = new Float32Array(512);
    text[row % 512] = 1;
    const product = { id: `p${row}`, title: 't', category: 'c', price: row };
    upsert(index, storedRow({ version: row + 1, model: 'm', product, vectors: { text } }));
  }
  const vector = new Float32Array(512).fill(1 / Math.sqrt(512));
  const search = async (budget: Budget) => {
    const { views, timedOut } = await look(index, { vector, views: [{ k: 30_000 }] }, budget);
    return { hits: views[0]?.hits ?? [], timedOut };
  };
  const whole = untilUnits(Infinity);
  const all = await search(whole);
  expect([all.hits.length, all.timedOut]).toEqual([30_000, false]);
  expect(whole.mostBetweenLooks).toBeLessThanOrEqual(2 * LOOK_EVERY_UNITS);

  const part = await search(untilUnits(whole.units / 2));
  expect(part.timedOut).toBe(true);
  expect(part.hits.length).toBeGreaterThan(5_000);
  expect(part.hits.length).toBeLessThan(25_000);

  const gone = new AbortController();
  gone.abort();
  const none = await search(new Budget(Deadline.after(Infinity), { signal: gone.signal }));
  expect([none.hits, none.timedOut]).toEqual([[], true]);
});

test('the columns of a filter are read one by one, and where the time is over before the last nothing is found by half of them', async () => {
  const index = newIndex(8);
  const names = Array.from({ length: 10 }, (_, i) => `a${i}`);
  const attributes = Object.fromEntries(names.map((name) => [name, 1]));
  for (let row = 0; row < 6_000; row++) {
    const product = { id: `p${row}`, title: 't', category: 'c', attributes };
    const vectors = { text: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0) };
    upsert(index, storedRow({ version: row + 1, model: 'm', product, vectors }));
  }
  // Without its column every row would match.
  const none = names.map((name): Filter => {
    return { kind: 'not', of: { kind: 'in', field: `attributes.${name}`, values: [1] } };
  });
  const gone = new AbortController();
  let looks = 0;
  class ThreeLooks extends Budget {
    override pause(): Promise<boolean> {
      if (++looks === 3) gone.abort();
      return super.pause();
    }
  }
  const read = vi.spyOn(index.tail, 'column');
  const vector = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0);
  const filter: Filter = { kind: 'or', of: none };
  const budget = new ThreeLooks(Deadline.after(Infinity), { signal: gone.signal });
  const { views, timedOut } = await look(index, { vector, views: [{ k: 10, filter }] }, budget);
  expect(read).toHaveBeenCalledTimes(3);
  expect([views[0]?.hits, timedOut]).toEqual([[], true]);
});

test('a search by words looks at the budget every few thousand postings, and answers with what it has found when that is spent', async () => {
  const index = newIndex(8);
  for (let row = 0; row < 120_000; row++) {
    const product = { id: `p${row}`, title: row % 2 === 0 ? 'usb cable' : 'cable', category: 'c' };
    const vectors = { text: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0) };
    upsert(index, storedRow({ version: row + 1, model: 'm', product, vectors }));
  }
  const slots = ['usb', 'cable'].map((word) => {
    return { idf: 1, alternatives: [{ words: [word], weight: 1 }] };
  });
  for (const asked of [slots, slots.slice(1)]) {
    const text = { slots: asked, analyzer: ANALYZER_VERSION, generation: 0 };
    const search = async (budget: Budget) => {
      // Of all that have a cable, whatever else they are scored by.
      const set = { required: [asked.length - 1], members: new Uint8Array() };
      const { views, timedOut } = await look(index, { text, set, views: [{ k: 100 }] }, budget);
      return { hits: views[0]?.hits ?? [], total: views[0]?.total, timedOut };
    };
    const whole = untilUnits(Infinity);
    const all = await search(whole);
    expect([all.total, all.hits.length, all.timedOut]).toEqual([120_000, 100, false]);
    expect(whole.mostBetweenLooks).toBeLessThanOrEqual(2 * LOOK_EVERY_UNITS);
    const part = await search(untilUnits(whole.units * 0.9));
    expect([part.timedOut, part.hits.length]).toEqual([true, 100]);
    // Before the set was made nothing counts.
    expect(await search(untilUnits(whole.units * 0.05))).toEqual({
      hits: [],
      total: 0,
      timedOut: true,
    });
    // What it leaves behind is as it was: the same again is the same.
    expect((await search(untilUnits(Infinity))).hits).toEqual(all.hits);
  }
});

test('what a thousand partitions select of a segment is worked out once, not once a search', () => {
  let asked = 0;
  const set = new PartitionSet((category) => {
    asked += 1;
    return category === 'c7' ? [] : [{ from: 0, to: HASH_END }];
  });
  const ranges = Array.from({ length: 1_000 }, (_, i): CategoryRange => ({
    category: `c${i}`,
    from: i,
    to: i + 1,
    graph: undefined,
  }));
  const first = set.rangesOf(ranges);
  expect([first.ranges?.length, first.isCut, asked]).toEqual([999, false, 1_000]);
  expect(set.rangesOf(ranges)).toBe(first);
  expect(asked).toBe(1_000);
});

test('two halves of a category make a whole one; a half alone cuts it', () => {
  const half = HASH_END / 2;
  const halves = [
    { from: half, to: HASH_END },
    { from: 0, to: half },
  ];
  const ranges: CategoryRange[] = [{ category: 'c', from: 0, to: 9, graph: undefined }];
  expect(new PartitionSet(() => halves).rangesOf(ranges)).toEqual({
    ranges: undefined,
    isCut: false,
  });
  const [upper = { from: 0, to: 0 }] = halves;
  const cut = new PartitionSet(() => [upper]);
  expect(cut.rangesOf(ranges).isCut).toBe(true);
  expect([cut.of('c'), new PartitionSet(() => []).rangesOf(ranges).ranges]).toEqual([[upper], []]);
});
