import type { CatalogueItem, RejectedRow } from './catalogue-item.js';
import type { ColumnReport } from './column-report.js';
import { valueOfCell, type CellReading } from './csv-cells.js';
import { ATTRIBUTES, type FieldMap } from './field-map.js';
import { firstOf, type Layout, type RawRow, type RawValue } from './layout.js';
import type { LocalNumbers } from './local-numbers.js';

/** How texts become products, in tables and in XML. */
export interface RowOptions {
  map: FieldMap;
  numbers: LocalNumbers;
  /** Told once, before the first row. */
  onColumns: (report: ColumnReport) => void;
}

type Fields = readonly (readonly [string, RawValue])[];

/** Makes products of rows of texts: by the layout, then `--map`, then what each cell says in its field. */
export class RowMaker {
  private readonly reading: CellReading;

  constructor(
    private readonly layout: Layout,
    private readonly map: FieldMap,
    numbers: LocalNumbers,
  ) {
    this.reading = { kinds: layout.kinds, numbers };
  }

  /** Undefined for a row that is no product, and none that was lost. */
  item(line: number, row: RawRow): CatalogueItem | undefined {
    const whole = this.layout.complete(row, line);
    if (whole === undefined || 'code' in whole) return whole;
    const product = new Map(this.layout.product(whole));
    for (const [, theirs] of this.map.pairs) {
      const value = whole.get(theirs);
      if (value !== undefined) product.set(theirs, value);
    }
    return this.converted(line, this.map.renamed(Object.fromEntries(product)) as Fields);
  }

  /** Whether a cell could stand in this field. */
  fits(field: string, cell: string): boolean {
    return cell === '' || 'value' in valueOfCell(field, cell, this.reading);
  }

  /** `attributes.NAME` goes into the object `attributes`, a price's currency into `currency`. */
  private converted(line: number, texts: Fields): CatalogueItem {
    const fields: [string, unknown][] = [];
    const attributes: [string, unknown][] = [];
    let currency: string | undefined;
    for (const [name, text] of texts) {
      const cell = valueOfCell(name, text, this.reading);
      if ('expected' in cell) return unreadable(line, name, cell.expected, texts);
      currency ??= cell.currency;
      if (name.startsWith(ATTRIBUTES)) attributes.push([name.slice(ATTRIBUTES.length), cell.value]);
      else if (name === 'attributes') attributes.unshift(...Object.entries(cell.value));
      else fields.push([name, cell.value]);
    }
    // The row's own currency comes later, and wins.
    if (currency !== undefined) fields.unshift(['currency', currency]);
    // fromEntries defines properties, so that `__proto__` stays an ordinary key.
    const product = Object.fromEntries(fields);
    if (attributes.length > 0) product['attributes'] = Object.fromEntries(attributes);
    return { line, text: JSON.stringify(product) };
  }
}

function unreadable(line: number, field: string, expected: string, texts: Fields): RejectedRow {
  const row = new Map(texts);
  const id = firstOf(row.get('id'));
  const value = row.get(field);
  const got =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, 60))
      : `${value?.length ?? 0} of them`;
  const message = `${field} must be ${expected}, got ${got}`;
  return { line, ...(id === undefined ? {} : { id }), field, code: 'invalid_field', message };
}
