import { filterFields, type FieldValue } from '../../core/product-fields.js';
import { Slices } from '../../core/slices.js';
import type { Scalar } from '../../filter/filter.js';
import type { StoredRow, StoreReader } from '../../store/store.js';
import { productTerms } from '../../text/product-terms.js';
import { typeOf, type Column, type ColumnReader } from '../index/column.js';
import type { Searcher } from '../index/searcher.js';
import type { SegmentView } from '../index/segment-view.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { IdleTurns } from '../node/idle-turns.js';
import { hasTerms } from './compare-words.js';
import type { Difference } from './confirm-difference.js';

/** Rows compared in one check. */
const ROWS_A_CHECK = 512;

/** A row, and what the store has of it. */
interface ComparedRow {
  row: number;
  vector: Float32Array;
  fields: ReadonlyMap<string, FieldValue>;
  /** Its words, keys and types, and what price lists say of it, are those of the store's product. */
  hasRest: boolean;
}

/**
 * Compares vectors, columns, words and prices of lists as they are held with the store's products, some rows in each check
 * and all of them by and by. A version has one content, so that rows of one version must be the same
 * whenever they are read.
 */
export class ContentComparison {
  /** Live rows that were compared since the last time all were. */
  private compared = 0;

  constructor(
    private readonly store: StoreReader,
    private readonly index: TenantIndex,
    private readonly turns: IdleTurns,
  ) {}

  async nextDifferences(): Promise<Difference[]> {
    const searcher = this.index.searcher();
    try {
      const rows = nextRows(searcher, this.compared);
      const count = rows.reduce((sum, [, some]) => sum + some.length, 0);
      this.compared = count < ROWS_A_CHECK ? 0 : this.compared + count;
      const differences: Difference[] = [];
      for (const [view, some] of rows) {
        for (const row of await this.differing(view, await this.read(view, some))) {
          const [id, version] = [view.id(row), view.version(row)];
          const isHeld = this.index.heldVersion(id) === version;
          if (isHeld) differences.push({ id, held: version, wanted: version });
        }
      }
      return differences;
    } finally {
      searcher.release();
    }
  }

  /** What the store has of `rows`, but for those of which it has another version by now. */
  private async read(view: SegmentView, rows: readonly number[]): Promise<ComparedRow[]> {
    const compared: ComparedRow[] = [];
    const atOnce = this.store.documentsAtOnce;
    const isSame = (row: number, stored: StoredRow | undefined): stored is StoredRow =>
      stored?.version === view.version(row) && stored.model === this.index.model;
    for (let at = 0; at < rows.length; at += atOnce) {
      await this.turns.next();
      const some = rows.slice(at, at + atOnce);
      const ids = some.map((row) => view.id(row));
      const stored = await this.store.rows(this.index.tenant, ids);
      const slices = new Slices();
      for (const [i, row] of some.entries()) {
        const known = stored[i];
        if (!isSame(row, known)) continue;
        if (slices.isOver) await slices.next();
        const { product, vectors, prices } = known;
        const terms = productTerms(product, this.index.text);
        compared.push({
          ...{ row, vector: vectors.text, fields: new Map(filterFields(product)) },
          hasRest: view.hasPrices(row, prices) && hasTerms(view, row, terms),
        });
      }
    }
    return compared;
  }

  private async differing(view: SegmentView, rows: readonly ComparedRow[]): Promise<Set<number>> {
    const differing = new Set<number>();
    for (const { row, vector, hasRest } of rows) {
      const held = view.vectors.view(row);
      if (held.some((value, i) => value !== vector[i])) differing.add(row);
      if (!hasRest) differing.add(row);
    }
    const names = new Set(view.fields());
    for (const { row, fields } of rows) {
      const missing = [...fields].some(
        ([name, value]) => !names.has(name) && scalars(value).length > 0,
      );
      if (missing) differing.add(row);
    }
    for (const name of names) {
      await this.turns.next();
      const column = await view.readColumn(name);
      for (const { row, fields } of rows) {
        if (!hasExactly(column, row, scalars(fields.get(name)))) differing.add(row);
      }
    }
    return differing;
  }
}

/** Live rows from number `from` on, by the view that they are in. */
function nextRows({ views }: Searcher, from: number): [SegmentView, number[]][] {
  let left = ROWS_A_CHECK;
  let skipped = 0;
  return views.map((view) => {
    const rows: number[] = [];
    for (let row = 0; row < view.rows && left > 0; row++) {
      if (view.dead.has(row)) continue;
      if (skipped < from) skipped += 1;
      else {
        rows.push(row);
        left -= 1;
      }
    }
    return [view, rows];
  });
}

function scalars(value: FieldValue | undefined): Scalar[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each): each is Scalar =>
    ['string', 'number', 'boolean'].includes(typeof each),
  );
}

/** Whether these are all the values that `row` has in the column. */
function hasExactly(column: Column, row: number, values: readonly Scalar[]): boolean {
  // Half a surrogate pair cannot be written as UTF-8: what is held is something else.
  if (values.some((value) => typeof value === 'string' && /\p{Surrogate}/u.test(value)))
    return true;
  const readers = column.filter(
    ({ firstRow, rowCount }) => row >= firstRow && row < firstRow + rowCount,
  );
  if (values.some((value) => !readers.some(({ type }) => type === typeOf(value)))) return false;
  return readers.every((reader) => {
    const ofType = values.filter((value) => typeOf(value) === reader.type);
    const wanted = new Set(ofType.map((value) => reader.dictionary.codeOf(value)));
    const held = new Set(codesOf(reader, row - reader.firstRow));
    return wanted.size === held.size && [...wanted].every((code) => held.has(code));
  });
}

/** The codes of a row, counted from the reader's first. */
function codesOf({ codes, rows, ends }: ColumnReader, row: number): number[] {
  if (rows === undefined) return codes[row] === 0 ? [] : [codes[row] as number];
  const at = rows.indexOf(row);
  if (at === -1) return [];
  if (ends === undefined) return [codes[at] as number];
  return [...codes.subarray(at === 0 ? 0 : ends[at - 1], ends[at])];
}
