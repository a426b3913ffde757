import { invalidField, OmniError } from '../core/errors.js';
import type { CatalogueItem, RejectedRow } from './catalogue-item.js';
import { valueOfCell, type CellValue } from './csv-cells.js';
import { CsvRecords, type CsvOptions, type CsvRecord } from './csv-records.js';
import { ATTRIBUTES, type FieldMap } from './field-map.js';

/**
 * Rows of a CSV text with a header. Cells are strings but for the fields that `valueOfCell` knows; an
 * empty one is an absent field; `attributes.NAME` goes into the object `attributes`. Throws
 * `invalid_field` for a header that names a field twice, or lacks one that the map renames.
 */
export async function* csvRows(
  chunks: AsyncIterable<Uint8Array>,
  map: FieldMap,
  options: CsvOptions,
): AsyncGenerator<CatalogueItem> {
  const records = new CsvRecords(chunks, options);
  try {
    const header = checkedHeader(await records.header(), map);
    if (header === undefined) return;
    const judge = new RowJudge(header, map);
    for await (const record of records.rows((cells) => judge.isRowLike(cells))) {
      const item = 'cells' in record ? toItem(record, header, map) : record;
      if (item === undefined) continue;
      if ('cells' in record) judge.learn(record.cells);
      yield item;
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
class RowJudge {
  private readonly fields: readonly string[];
  private idsHaveDigits = true;

  constructor(header: readonly string[], map: FieldMap) {
    const ours = new Map(map.pairs.map(([our, theirs]) => [theirs, our]));
    this.fields = header.map((name) => ours.get(name) ?? name);
  }

  /** A row that is one. */
  learn(cells: readonly string[]): void {
    this.idsHaveDigits = /\d/.test(this.idOf(cells));
  }

  isRowLike(cells: readonly string[]): boolean {
    const id = this.idOf(cells);
    if (id === '' || /\s/.test(id) || (this.idsHaveDigits && !/\d/.test(id))) return false;
    return this.fields.every((field, i) => {
      const cell = cells[i] ?? '';
      return cell === '' || 'value' in valueOfCell(field, cell);
    });
  }

  private idOf(cells: readonly string[]): string {
    return cells[Math.max(0, this.fields.indexOf('id'))] ?? '';
  }
}

/** Undefined for a record of nothing but delimiters, which is a blank line too. */
function toItem(
  { line, cells }: CsvRecord,
  header: readonly string[],
  map: FieldMap,
): CatalogueItem | undefined {
  if (cells.every((cell) => cell === '')) return undefined;
  if (cells.length !== header.length) {
    const message = `has ${cells.length} cells, the header has ${header.length}`;
    return { line, code: 'invalid_csv', message };
  }
  const named = header.map((name, i) => [name, cells[i]] as const);
  const present = named.filter(([name, cell]) => name !== '' && cell !== '');
  const texts = map.renamed(Object.fromEntries(present)) as [string, string][];
  return convert(line, texts);
}

function convert(line: number, texts: readonly [string, string][]): CatalogueItem {
  const fields: [string, CellValue][] = [];
  const attributes: [string, CellValue][] = [];
  for (const [name, text] of texts) {
    const cell = valueOfCell(name, text);
    if ('expected' in cell) return unreadable(line, name, cell.expected, texts);
    if (name.startsWith(ATTRIBUTES)) attributes.push([name.slice(ATTRIBUTES.length), cell.value]);
    else if (name === 'attributes') attributes.unshift(...Object.entries(cell.value));
    else fields.push([name, cell.value]);
  }
  const row = Object.fromEntries<unknown>(fields);
  if (attributes.length > 0) row['attributes'] = Object.fromEntries(attributes);
  return { line, text: JSON.stringify(row) };
}

function unreadable(
  line: number,
  field: string,
  expected: string,
  texts: readonly [string, string][],
): RejectedRow {
  const { id, [field]: text } = Object.fromEntries(texts);
  const message = `${field} must be ${expected}, got ${JSON.stringify(text?.slice(0, 60))}`;
  return { line, ...(id === undefined ? {} : { id }), field, code: 'invalid_field', message };
}
