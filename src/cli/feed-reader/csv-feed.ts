import type { Pairs } from '../../config/setting.js';
import { invalidField, OmniError } from '../../core/errors.js';
import { csvRecords, type CsvRecord } from './csv-records.js';
import type { FeedItem, FeedReject } from './feed-item.js';
import { fieldMap } from './field-map.js';

const ATTRIBUTES = 'attributes.';
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SWITCH_WORDS = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/**
 * Rows of a CSV text with a header. Cells are strings, but for `price` and `in_stock`; an empty one
 * is an absent field; `attributes.NAME` goes into the object `attributes`. Throws `invalid_field`
 * for a header that names a field twice, or lacks one that `pairs` rename.
 */
export async function* csvFeed(
  chunks: AsyncIterable<Uint8Array>,
  pairs: Pairs,
  maxRowBytes: number,
): AsyncGenerator<FeedItem> {
  const rename = fieldMap(pairs);
  let header: string[] | undefined;
  for await (const record of csvRecords(chunks, maxRowBytes)) {
    if (header !== undefined) {
      const item = 'cells' in record ? toItem(record, header, rename) : record;
      if (item !== undefined) yield item;
      continue;
    }
    if (!('cells' in record)) {
      throw new OmniError('invalid_field', `the header, line ${record.line}: ${record.message}`);
    }
    header = checkedHeader(record.cells, pairs);
  }
}

function checkedHeader(cells: string[], pairs: Pairs): string[] {
  const seen = new Set<string>();
  for (const name of cells) {
    // Nameless columns are what spreadsheets leave at the end; they are skipped.
    if (name !== '' && seen.has(name)) throw invalidField(name, 'is twice in the header');
    seen.add(name);
  }
  for (const [ours, theirs] of pairs) {
    if (!seen.has(theirs)) throw invalidField(theirs, `(for ${ours}) is not in the header`);
  }
  return cells;
}

/** Undefined for a record of nothing but delimiters, which is a blank line too. */
function toItem(
  { line, cells }: CsvRecord,
  header: readonly string[],
  rename: (row: object) => object,
): FeedItem | undefined {
  if (cells.every((cell) => cell === '')) return undefined;
  if (cells.length !== header.length) {
    const message = `has ${cells.length} cells, the header has ${header.length}`;
    return { line, code: 'invalid_csv', message };
  }
  const named = header.map((name, i) => [name, cells[i]] as const);
  const present = named.filter(([name, cell]) => name !== '' && cell !== '');
  const texts = Object.entries(rename(Object.fromEntries(present))) as [string, string][];
  return convert(line, texts);
}

function convert(line: number, texts: readonly [string, string][]): FeedItem {
  const fields: [string, unknown][] = [];
  const attributes: [string, string][] = [];
  for (const [name, text] of texts) {
    if (name.startsWith(ATTRIBUTES)) {
      attributes.push([name.slice(ATTRIBUTES.length), text]);
      continue;
    }
    const value = valueOf(name, text);
    if (value === undefined) return unreadable(line, name, texts);
    fields.push([name, value]);
  }
  if (attributes.length > 0) fields.push(['attributes', Object.fromEntries(attributes)]);
  return { line, text: JSON.stringify(Object.fromEntries(fields)) };
}

/** Undefined when the text is not what the field holds. */
function valueOf(name: string, text: string): string | number | boolean | undefined {
  if (name === 'in_stock') return SWITCH_WORDS.get(text.toLowerCase());
  if (name !== 'price') return text;
  const price = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(price) ? price : undefined;
}

function unreadable(line: number, field: string, texts: readonly [string, string][]): FeedReject {
  const { id, [field]: text } = Object.fromEntries(texts);
  const expected = field === 'price' ? 'a number' : 'true or false';
  const message = `${field} must be ${expected}, got ${JSON.stringify(text?.slice(0, 60))}`;
  return { line, ...(id === undefined ? {} : { id }), field, code: 'invalid_field', message };
}
