import { invalidField, OmniError } from '../core/errors.js';
import type { CatalogueItem, RejectedRow } from './catalogue-item.js';
import { layoutOf } from './choose-layout.js';
import { columnReport, fieldsOf } from './column-report.js';
import { CsvRecords, type CsvOptions, type CsvRecord, type RowTeller } from './csv-records.js';
import type { FieldMap } from './field-map.js';
import type { Layout } from './layout.js';
import { RowMaker, type RowOptions } from './row-maker.js';

/**
 * Rows of a CSV text with a header, which tells its layout. Cells are strings but for the fields that
 * `valueOfCell` knows; an empty one is an absent field. Throws `invalid_field` for a header that names a
 * field twice, or lacks one that the map renames.
 */
export async function* csvRows(
  chunks: AsyncIterable<Uint8Array>,
  { map, numbers, onColumns }: RowOptions,
  options: CsvOptions,
): AsyncGenerator<CatalogueItem> {
  const records = new CsvRecords(chunks, options);
  try {
    const header = checkedHeader(await records.header(), map);
    if (header === undefined) return;
    const layout = layoutOf(header);
    const maker = new RowMaker(layout, map, numbers);
    const judge = new RowJudge(header, layout, map, maker);
    onColumns(columnReport(header, layout, map));
    for await (const record of records.rows(judge)) {
      if ('cells' in record) judge.saw(record.cells);
      const item = 'cells' in record ? toItem(record, header, maker) : record;
      if (item !== undefined) yield item;
    }
  } finally {
    await records.close();
  }
}

function checkedHeader(
  record: CsvRecord | RejectedRow | undefined,
  map: FieldMap,
): string[] | undefined {
  if (record === undefined) return undefined;
  if (!('cells' in record)) {
    throw new OmniError('invalid_field', `the header, line ${record.line}: ${record.message}`);
  }
  const { cells } = record;
  const seen = new Set<string>();
  for (const name of cells) {
    // Nameless columns are what spreadsheets leave at the end; they are skipped.
    if (name !== '' && seen.has(name)) throw invalidField(name, 'is twice in the header');
    seen.add(name);
  }
  for (const [ours, theirs] of map.pairs) {
    if (!seen.has(theirs)) throw invalidField(theirs, `(for ${ours}) is not in the header`);
  }
  return cells;
}

/** Tells a row of this file from a line of a text, by what its cells would have to be. */
class RowJudge implements RowTeller {
  private readonly fields: readonly string[];
  private readonly keyAt: number;
  /** Undefined as long as there was none to look at. */
  private keysHaveDigits: boolean | undefined;

  constructor(
    header: readonly string[],
    layout: Layout,
    map: FieldMap,
    private readonly maker: RowMaker,
  ) {
    this.fields = header.map((name) => fieldsOf(name, layout, map)[0] ?? '');
    this.keyAt = Math.max(0, this.fields.indexOf(layout.key));
  }

  saw(cells: readonly string[]): void {
    const key = this.keyOf(cells);
    if (key !== '') this.keysHaveDigits = /\d/.test(key);
  }

  isRowLike(cells: readonly string[]): boolean {
    const key = this.keyOf(cells);
    if (key === '' || /\s/.test(key)) return false;
    if (this.keysHaveDigits === true && !/\d/.test(key)) return false;
    return this.fields.every((field, i) => this.maker.fits(field, cells[i] ?? ''));
  }

  private keyOf(cells: readonly string[]): string {
    return cells[this.keyAt]?.trim() ?? '';
  }
}

/** Undefined for a record of nothing but delimiters, which is a blank line too. */
function toItem(
  { line, cells }: CsvRecord,
  header: readonly string[],
  maker: RowMaker,
): CatalogueItem | undefined {
  if (cells.every((cell) => cell === '')) return undefined;
  if (cells.length !== header.length) {
    const message = `has ${cells.length} cells, the header has ${header.length}`;
    return { line, code: 'invalid_csv', message };
  }
  const named = header.map((name, i) => [name, cells[i] ?? ''] as const);
  return maker.item(line, new Map(named.filter(([name, cell]) => name !== '' && cell !== '')));
}
