import type { Budget } from '../../../core/budget.js';
import type { Scalar } from '../../../filter/filter.js';
import type { FacetCounts, FacetQuery } from '../../../query/result-set.js';
import type { Bitset } from '../../index/bitset.js';
import type { Column, ColumnReader, ColumnType } from '../../index/column.js';
import { NumberDictionary } from '../../index/columns/number-dictionary.js';
import { TopRows } from '../views/top-rows.js';
import { countCodes, forEachListed } from './count-codes.js';
import { countedValues, type CountedCodes, type CountedValues } from './counted-values.js';

/** The order among values of different types. */
const TYPES: readonly ColumnType[] = ['number', 'text', 'boolean'];

/** Counts the values of one field over the rows of a view, block by block, by their codes. */
export class FacetCounter {
  private readonly counted = new Map<ColumnType, CountedCodes[]>();
  private readonly ranges: number[];

  constructor(
    private readonly query: FacetQuery,
    private readonly budget: Budget,
  ) {
    this.ranges = query.ranges?.map(() => 0) ?? [];
  }

  /** Counts what `rows` have; of the rows that were looked at, where the budget is spent first. */
  async add(column: Column, rows: Bitset): Promise<void> {
    for (const reader of column) {
      const rowCount = Math.min(reader.rowCount, rows.size - reader.firstRow);
      const counted = await countCodes(reader, rows, rowCount, this.budget);
      const ofType = this.counted.get(reader.type) ?? [];
      this.counted.set(reader.type, ofType);
      ofType.push(counted);
      if (reader.type === 'number') this.addRanges(reader, rows, counted);
    }
  }

  async counts(): Promise<FacetCounts> {
    const { query, budget } = this;
    const stats = this.stats();
    const common = stats === undefined ? {} : { stats };
    if (query.ranges !== undefined) {
      return { values: [], counts: [], other: 0, distinct: 0, ...common, ranges: this.ranges };
    }
    const ofTypes: CountedValues[] = [];
    for (const type of TYPES) {
      const counted = this.counted.get(type);
      if (counted === undefined) continue;
      ofTypes.push(await countedValues(counted, query.prefix, budget));
    }
    return { ...commonest(ofTypes, query.limit), ...common };
  }

  private addRanges(reader: ColumnReader, rows: Bitset, counted: CountedCodes): void {
    this.query.ranges?.forEach(({ from, to }, i) => {
      const { dictionary } = reader;
      const first = from === undefined ? 1 : dictionary.codeRange('gte', from, true).from;
      const end = to === undefined ? dictionary.size + 1 : dictionary.codeRange('lt', to, true).to;
      let count = 0;
      if (reader.ends === undefined) {
        const { codes, counts } = counted;
        for (let i = 0; i < codes.length; i++) {
          const code = codes[i] as number;
          if (code >= first && code < end) count += counts[i] as number;
        }
      } else {
        // A row of several values counts once.
        const { codes } = reader;
        forEachListed(reader, rows, 0, reader.rowCount, (at, last) => {
          let isIn = false;
          for (let n = at; n < last && !isIn; n++) {
            isIn = (codes[n] as number) >= first && (codes[n] as number) < end;
          }
          if (isIn) count += 1;
        });
      }
      this.ranges[i] = (this.ranges[i] as number) + count;
    });
  }

  /** Of all numbers. */
  private stats(): FacetCounts['stats'] {
    let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
    for (const { dictionary, codes, counts } of this.counted.get('number') ?? []) {
      if (!(dictionary instanceof NumberDictionary)) continue;
      const { values } = dictionary;
      for (let i = 0; i < codes.length; i++) {
        const own = counts[i] as number;
        const value = values[(codes[i] as number) - 1] as number;
        if (value < min) min = value;
        if (value > max) max = value;
        sum += value * own;
        count += own;
      }
    }
    return count === 0 ? undefined : { min, max, sum, count };
  }
}

/** The `limit` commonest of all values, ties by value. */
function commonest(
  ofTypes: readonly CountedValues[],
  limit: number | undefined,
): Pick<FacetCounts, 'values' | 'counts' | 'other' | 'distinct'> {
  const all = together(ofTypes.map((of) => of.counts));
  const order = placesByCount(all, limit ?? all.length);
  const counts = order.map((place) => all[place] as number);
  const hidden = ofTypes.reduce((sum, { other }) => sum + other, 0);
  return {
    values: order.map((place) => valueAt(ofTypes, place)),
    counts,
    other: hidden + total(all) - total(counts),
    distinct: all.length,
  };
}

function together(parts: readonly Uint32Array[]): Uint32Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i] as number;
  return sum;
}

function valueAt(ofTypes: readonly CountedValues[], place: number): Scalar {
  let left = place;
  for (const of of ofTypes) {
    if (left < of.counts.length) return of.valueAt(left);
    left -= of.counts.length;
  }
  throw new RangeError('no such value');
}

/** The places of the `limit` greatest, of equal ones the first. */
function placesByCount(counts: Uint32Array, limit: number): number[] {
  if (limit < counts.length) {
    const top = new TopRows(limit, { compare: (a, b) => a - b });
    // Of equal counts those come first that are offered first: only a greater one changes anything.
    let least = 0;
    for (let place = 0; place < counts.length; place++) {
      const count = counts[place] as number;
      if (count <= least) continue;
      top.offer(place, -count);
      least = Math.max(0, -top.worst);
    }
    return top.sorted();
  }
  // Many values, of few different counts.
  const places = new Map<number, number[]>();
  counts.forEach((count, place) => {
    const same = places.get(count);
    if (same === undefined) places.set(count, [place]);
    else same.push(place);
  });
  const sorted = [...places].sort(([a], [b]) => b - a);
  return sorted.flatMap(([, same]) => same);
}
