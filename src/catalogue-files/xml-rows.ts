import { NEWLINE, RETURN } from '../core/physical-lines.js';
import { OmniError } from '../core/errors.js';
import type { CatalogueItem } from './catalogue-item.js';
import { columnReport, type ColumnReport } from './column-report.js';
import type { FieldMap } from './field-map.js';
import { GOOGLE_LAYOUT } from './google-layout.js';
import { RowMaker, type RowOptions } from './row-maker.js';
import { flattened, type FlatItem } from './xml-fields.js';
import { XmlItems } from './xml-items.js';

/**
 * Rows of a Google Merchant feed, RSS or Atom, by its elements' names without Google's prefix. Throws as
 * `XmlItems` does, and `unsupported_media_type` for an encoding that is not known.
 */
export async function* xmlRows(
  chunks: AsyncIterable<Uint8Array>,
  { map, numbers, onColumns }: RowOptions,
  { head, maxRowBytes }: { head: Buffer; maxRowBytes: number },
): AsyncGenerator<CatalogueItem> {
  const maker = new RowMaker(GOOGLE_LAYOUT, map, numbers);
  const decode = decoderOf(head);
  const items = new XmlItems(maxRowBytes);
  let isTold = false;
  for await (const chunk of chunks) {
    const found = items.push(decode(chunk));
    const rows = found.map((item) => ('fields' in item ? flattened(item, items.prefixes) : item));
    const flat = rows.filter((row) => 'cells' in row);
    if (!isTold && flat.length > 0) onColumns(reportOf(flat, map));
    isTold ||= flat.length > 0;
    for (const row of rows) {
      const item = 'cells' in row ? maker.item(row.line, row.cells) : row;
      if (item !== undefined) yield item;
    }
  }
  items.end();
}

/** The elements of the first items: a feed has no header. */
function reportOf(items: readonly FlatItem[], map: FieldMap): ColumnReport {
  const cells = new Set(items.flatMap((item) => [...item.cells.keys()]));
  const groups = new Set(items.flatMap((item) => item.groups));
  const report = columnReport([...cells], GOOGLE_LAYOUT, map);
  const leftOut = [...groups].map((column) => ({ column, fields: [] }));
  return { ...report, columns: [...report.columns, ...leftOut] };
}

/** By the encoding that the text declares; UTF-16 is refused before, so that who says so is mistaken. */
function decoderOf(head: Buffer): (chunk: Uint8Array) => string {
  const declaration = head.toString('latin1', 0, 200);
  const [, declared = 'utf-8'] = /^\s*<\?xml[^>]*\bencoding=["']([^"']+)/.exec(declaration) ?? [];
  const isReturnsOnly = head.includes(RETURN) && !head.includes(NEWLINE);
  try {
    const decoder = new TextDecoder(/^utf-?16/i.test(declared) ? 'utf-8' : declared);
    return (chunk) => {
      const text = decoder.decode(chunk, { stream: true });
      return isReturnsOnly ? text.replaceAll('\r', '\n') : text;
    };
  } catch {
    throw new OmniError(
      'unsupported_media_type',
      `the encoding ${declared} is not known: save it as UTF-8`,
    );
  }
}
