import { LRUCache } from 'lru-cache';
import { Slices } from '../../../core/slices.js';
import type { ListedField } from '../../../query/listed-field.js';
import { firstAtLeast } from '../ascending.js';
import { bytesOf, type Column, type ColumnReader } from '../column.js';
import type { Run } from '../columns/build-column.js';
import { NumberDictionary } from '../columns/number-dictionary.js';
import type { RowPrices } from './row-prices.js';
import { codesOf, patched, sortedDistinct } from './value-codes.js';

/** A column as of so many changes of the prices. */
interface Kept {
  reader: ValueReader;
  asOf: number;
}

type ValueReader = ColumnReader & { dictionary: NumberDictionary };

/** Columns kept of a block, in memory: so many at least, and so many bytes more for each of its rows. */
const KEPT_BYTES = 8 * 1024 * 1024;
const KEPT_BYTES_A_ROW = 64;
/** Rows looked at between two looks at the clock. */
const SLICE_ROWS = 2_048;
const STOCKS = Float64Array.of(0, 1);

/**
 * The columns of price and stock as a list has them: the list's value, or else the product's own. Made when they
 * are asked for, run by run, and brought up to date by the rows that changed since.
 */
export class PriceColumns {
  private readonly kept: LRUCache<string, Kept>;
  private readonly making = new Map<string, Promise<Kept>>();

  constructor(
    private readonly prices: RowPrices,
    rowCount: number,
  ) {
    this.kept = new LRUCache({
      maxSize: KEPT_BYTES + KEPT_BYTES_A_ROW * rowCount,
      sizeCalculation: ({ reader }) => 1 + bytesOf(reader),
    });
  }

  get bytes(): number {
    return this.kept.calculatedSize;
  }

  /** Without a wait; undefined where it is to be made first. */
  ready(listed: ListedField, runs: readonly Run[]): Column | undefined {
    const column: ColumnReader[] = [];
    for (const run of runs) {
      const kept = this.kept.get(keyOf(listed, run));
      if (!this.isCurrent(kept, run, this.prices.changes)) return undefined;
      column.push(kept.reader);
    }
    return column;
  }

  /** @param own the product's own values, of the same runs */
  async column(listed: ListedField, runs: readonly Run[], own: Column): Promise<Column> {
    const column: ColumnReader[] = [];
    const slices = new Slices();
    for (const run of runs) column.push(await this.reader(listed, run, own, slices));
    return column;
  }

  private async reader(
    listed: ListedField,
    run: Run,
    own: Column,
    slices: Slices,
  ): Promise<ColumnReader> {
    const key = keyOf(listed, run);
    const asked = this.prices.changes;
    for (;;) {
      const kept = this.kept.get(key);
      if (this.isCurrent(kept, run, asked)) return kept.reader;
      const under = this.making.get(key) ?? this.make(key, kept, listed, run, own, slices);
      const made = await under;
      if (this.isCurrent(made, run, asked)) return made.reader;
    }
  }

  private isCurrent(kept: Kept | undefined, { rowCount }: Run, asOf: number): kept is Kept {
    return kept !== undefined && kept.asOf >= asOf && kept.reader.rowCount >= rowCount;
  }

  private make(
    key: string,
    kept: Kept | undefined,
    listed: ListedField,
    run: Run,
    own: Column,
    slices: Slices,
  ): Promise<Kept> {
    const asOf = this.prices.changes;
    const type = listed.field === 'price' ? 'number' : 'boolean';
    const ofOwn = own.find((each) => each.type === type && each.firstRow === run.firstRow);
    const values = new ListValues(this.prices, listed, run, ofOwn);
    const isSame = kept?.reader.rowCount === run.rowCount;
    const rows = isSame ? this.prices.changedSince(kept.asOf) : undefined;
    const reading =
      kept !== undefined && rows !== undefined ? values.patch(kept, rows) : values.whole(slices);
    const making = reading
      .then((reader) => {
        const made = { reader, asOf };
        this.kept.set(key, made);
        return made;
      })
      .finally(() => this.making.delete(key));
    this.making.set(key, making);
    return making;
  }
}

function keyOf({ field, list }: ListedField, { firstRow }: Run): string {
  return `${field} ${list} ${firstRow}`;
}

/** The values of a run of rows under a list, as numbers; NaN: none. */
class ListValues {
  constructor(
    private readonly prices: RowPrices,
    private readonly listed: ListedField,
    private readonly run: Run,
    private readonly own: ColumnReader | undefined,
  ) {}

  async whole(slices: Slices): Promise<ValueReader> {
    const { rowCount } = this.run;
    const values = new Float64Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      values[row] = this.valueOf(row);
      if (row % SLICE_ROWS === 0 && slices.isOver) await slices.next();
    }
    const isStock = this.listed.field === 'in_stock';
    const sorted = isStock ? STOCKS : await sortedDistinct(values, slices);
    return this.reader(sorted, await codesOf(values, sorted, slices));
  }

  /** What was made before, with the values of some rows as they are now. */
  async patch({ reader }: Kept, rows: ReadonlySet<number>): Promise<ValueReader> {
    const { firstRow, rowCount } = this.run;
    const changed = new Map<number, number>();
    for (const row of rows) {
      const place = row - firstRow;
      if (place >= 0 && place < rowCount) changed.set(place, this.valueOf(place));
    }
    if (changed.size === 0) return reader;
    const { sorted, codes } = patched(reader.dictionary.values, reader.codes, changed);
    return this.reader(sorted, codes);
  }

  private reader(sorted: Float64Array, codes: Uint32Array): ValueReader {
    const type = this.listed.field === 'price' ? 'number' : 'boolean';
    const dictionary = new NumberDictionary(type, sorted);
    return { type, ...this.run, dictionary, codes, rows: undefined, ends: undefined };
  }

  /** @param place the row's, within the run */
  private valueOf(place: number): number {
    const { listed, run, prices } = this;
    const entry = prices.entry(run.firstRow + place, listed.list);
    const value = listed.field === 'price' ? entry?.price : entry?.inStock;
    // Of the two zeros columns keep one.
    return value === undefined ? this.ownValue(place) : Number(value) + 0;
  }

  private ownValue(place: number): number {
    const { own } = this;
    if (own === undefined) return NaN;
    let at = place;
    if (own.rows !== undefined) {
      at = firstAtLeast(own.rows, place);
      if (own.rows[at] !== place) return NaN;
    }
    const code = own.codes[at] ?? 0;
    return code === 0 ? NaN : Number(own.dictionary.valueOf(code));
  }
}
