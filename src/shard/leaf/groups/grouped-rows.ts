import type { Budget } from '../../../core/budget.js';
import type { Scalar } from '../../../filter/filter.js';
import type { SortKey } from '../../../query/sort.js';
import { Bitset } from '../../index/bitset.js';
import type { Block } from '../views/block.js';
import { KeyRanks, MISSING, spansOf, type RowSpan } from '../views/key-ranks.js';
import type { ViewPart } from '../views/view-task.js';
import { valueHashes } from './value-hashes.js';

/** Rows looked at between two looks at the budget. */
const SLICE_ROWS = 16_384;
/** Units of work of finding a value among those of a span. */
const FIND_UNITS = 64;

/** A span of a part's rows with the group of each, by the rank of its value. */
interface GroupedSpan extends RowSpan {
  part: ViewPart;
  key: KeyRanks;
  /** Rows of the view by rank. */
  sizes: Uint32Array;
}

/** Which group each row of a view is in: that of its value, of several its least. */
export class GroupedRows {
  private readonly spans: GroupedSpan[] = [];
  /** Rows without a value. */
  single = 0;

  private constructor(private readonly budget: Budget) {}

  static async of(parts: readonly ViewPart[], field: string, budget: Budget): Promise<GroupedRows> {
    const grouped = new GroupedRows(budget);
    const order: SortKey = { field, order: 'asc' };
    for (const part of parts) {
      const { view, columns } = part.block;
      const column = columns.get(field) ?? [];
      for (const span of spansOf(view.rows, [column])) {
        if (budget.isSpent()) return grouped;
        if (part.rows.count(span.from, span.to) === 0) continue;
        const key = new KeyRanks(column, order, span);
        await grouped.add({ ...span, part, key, sizes: new Uint32Array(key.ranksEnd) });
      }
    }
    return grouped;
  }

  /** The group of a row; null: one of its own. */
  groupOf(block: Block, row: number): Scalar | null {
    const span = this.spans.findLast(({ part, from }) => part.block === block && from <= row);
    return span?.key.valueOf(span.key.ranks[row - span.from] ?? MISSING) ?? null;
  }

  sizeOf(value: Scalar): number {
    let size = 0;
    for (const { key, sizes } of this.spans) size += sizes[key.rankOf(value)] ?? 0;
    return size;
  }

  /** 64-bit hashes of the values of all groups, each once. */
  async keys(): Promise<Uint8Array> {
    const all: bigint[] = [];
    for (const { key, sizes } of this.spans) {
      for (const { reader, before } of key.readers) {
        const hashes = await valueHashes(reader, this.budget);
        for (let code = 1; code <= reader.dictionary.size; code++) {
          if ((sizes[2 * (before + code)] ?? 0) > 0) all.push(hashes?.[code] ?? 0n);
          if (this.budget.spend(1) && !(await this.budget.pause())) break;
        }
      }
    }
    const sorted = BigUint64Array.from(all).sort();
    const once = sorted.filter((hash, i) => i === 0 || hash !== sorted[i - 1]);
    return new Uint8Array(once.buffer, 0, once.byteLength);
  }

  /** The view's rows of each of some groups. */
  async rowsOf(values: readonly Scalar[]): Promise<ViewPart[][]> {
    const found = values.map((): ViewPart[] => []);
    await this.eachRowOf(values, (group, { part }, row) => {
      const own = found[group] as ViewPart[];
      let last = own.at(-1);
      if (last?.block !== part.block) {
        last = { block: part.block, rows: new Bitset(part.rows.size) };
        own.push(last);
      }
      last.rows.add(row);
    });
    return found;
  }

  /** Takes the rows of some groups out of `left`, which is of the view's parts. */
  async leave(values: readonly Scalar[], left: readonly ViewPart[]): Promise<void> {
    const rowsOf = new Map(left.map(({ block, rows }) => [block, rows]));
    await this.eachRowOf(values, (_, { part }, row) => rowsOf.get(part.block)?.delete(row));
  }

  private async eachRowOf(
    values: readonly Scalar[],
    visit: (group: number, span: GroupedSpan, row: number) => void,
  ): Promise<void> {
    for (const span of this.spans) {
      const { key, sizes } = span;
      const groups = new Map<number, number>();
      for (const [group, value] of values.entries()) {
        const rank = key.rankOf(value);
        if ((sizes[rank] ?? 0) > 0) groups.set(rank, group);
        if (this.budget.spend(FIND_UNITS) && !(await this.budget.pause())) return;
      }
      if (groups.size === 0) continue;
      await this.eachRow(span, (row, rank) => {
        const group = groups.get(rank);
        if (group !== undefined) visit(group, span, row);
      });
    }
  }

  private async add(span: GroupedSpan): Promise<void> {
    this.spans.push(span);
    const { sizes } = span;
    await this.eachRow(span, (_, rank) => {
      if (rank === MISSING) this.single += 1;
      else sizes[rank] = (sizes[rank] as number) + 1;
    });
  }

  private async eachRow(
    { from, to, part, key }: GroupedSpan,
    visit: (row: number, rank: number) => void,
  ): Promise<void> {
    const { budget } = this;
    for (let at = from; at < to; at += SLICE_ROWS) {
      const rows = part.rows.rows(at, Math.min(to, at + SLICE_ROWS));
      for (const row of rows) visit(row, key.ranks[row - from] as number);
      if (budget.spend(rows.length) && !(await budget.pause())) return;
    }
  }
}
