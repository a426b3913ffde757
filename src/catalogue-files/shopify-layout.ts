import type { RejectedRow } from './catalogue-item.js';
import { leafOf, levelsOf } from './category-path.js';
import { ATTRIBUTES } from './field-map.js';
import { NO_CATEGORY } from './google-layout.js';
import { firstOf, type Layout, type RawRow, type RawValue } from './layout.js';
import { shopifyColumn } from './shopify-columns.js';

const OPTIONS = [1, 2, 3];
/** The value of the one option of a product without any. */
const NO_OPTION = 'Default Title';
/** A row with one of these is for sale; one without only brings a further picture. */
const SIGNS_OF_VARIANT = ['title', 'sku', 'price', 'value1'];
const SENT_AS_THEY_ARE = ['handle', 'title', 'description', 'brand', 'price', 'status'];

/**
 * Shopify's product table, each variant a product of its own:
 *
 *   Handle | Title | Option1 Name | Option1 Value | Variant SKU | Image Src
 *   tee    | Tee   | Size         | S             | T-S         | 1.jpg      product T-S
 *   tee    |       |              | M             | T-M         |            product T-M, with the title above
 *   tee    |       |              |               |             | 2.jpg      a picture: no product
 *
 * Rows of a handle follow each other, as in every export.
 */
export class ShopifyLayout implements Layout {
  readonly title = 'Shopify products';
  readonly key = 'handle';
  readonly kinds = new Map<string, 'price' | 'switch'>([
    ['price', 'price'],
    ['compare_at_price', 'price'],
    ['in_stock', 'switch'],
    ['published', 'switch'],
  ]);
  readonly required = ['title'];
  private readonly columns: ReadonlyMap<string, string>;
  private handle: string | undefined;
  /** What the first row of the handle says for all of its rows. */
  private shared: RawRow = new Map();
  private readonly ids = new Set<string>();

  constructor(header: readonly string[]) {
    const roles = header.map((column) => [shopifyColumn(column)?.role ?? '', column] as const);
    this.columns = new Map(roles.toReversed());
  }

  fieldsOf(column: string): readonly string[] {
    return shopifyColumn(column)?.fields ?? [];
  }

  complete(row: RawRow, line: number): RawRow | RejectedRow | undefined {
    const handle = this.valueOf(row, 'handle');
    if (handle === undefined || handle !== this.handle) this.begin(handle, row);
    if (!SIGNS_OF_VARIANT.some((role) => this.valueOf(row, role) !== undefined)) return undefined;
    const whole = new Map([...this.shared, ...row]);
    // A picture in a variant's row is one more of the product's, not the variant's.
    const image = this.columns.get('image') ?? '';
    const first = this.shared.get(image);
    if (first !== undefined) whole.set(image, first);
    if (this.valueOf(whole, 'title') !== undefined) return whole;
    const message = `title is missing: the row that has it for ${JSON.stringify(handle ?? '')} is not before this one, or was rejected`;
    return { line, field: 'title', code: 'invalid_field', message };
  }

  product(row: RawRow): RawRow {
    const product = new Map<string, RawValue>();
    const set = (field: string, value: RawValue | undefined): void => {
      if (value !== undefined && value.length > 0) product.set(field, value);
    };
    for (const role of SENT_AS_THEY_ARE) set(role, this.valueOf(row, role));
    const options = this.optionsOf(row);
    const sku = plainText(this.valueOf(row, 'sku'));
    const path = this.valueOf(row, 'path') ?? '';
    set('id', this.idOf(row, sku, [...options.values()]));
    set('sku', sku);
    set('gtin', plainText(this.valueOf(row, 'gtin')));
    set('category', this.valueOf(row, 'type') ?? leafOf(path) ?? NO_CATEGORY);
    set('categories', levelsOf(path));
    set('tags', this.valueOf(row, 'tags')?.split(/\s*,\s*/));
    set('published', this.valueOf(row, 'published'));
    set('compare_at_price', this.valueOf(row, 'compareAt'));
    set('image_url', this.valueOf(row, 'variantImage') ?? this.valueOf(row, 'image'));
    set('in_stock', this.stockOf(row));
    for (const [column, value] of row) {
      const [field = ''] = this.fieldsOf(column);
      if (field.startsWith(ATTRIBUTES)) set(field, value);
    }
    for (const [name, value] of options) set(ATTRIBUTES + name, value);
    return product;
  }

  private begin(handle: string | undefined, row: RawRow): void {
    this.handle = handle;
    this.ids.clear();
    this.shared = new Map(
      [...row].filter(([column]) => shopifyColumn(column)?.level !== 'variant'),
    );
  }

  private optionsOf(row: RawRow): Map<string, string> {
    const options = new Map<string, string>();
    for (const n of OPTIONS) {
      const value = this.valueOf(row, `value${n}`);
      if (value === undefined || value === NO_OPTION) continue;
      options.set(this.valueOf(row, `option${n}`) ?? `Option ${n}`, value);
    }
    return options;
  }

  /** The article number, unless a variant before has the same; else handle and options. */
  private idOf(
    row: RawRow,
    sku: string | undefined,
    options: readonly string[],
  ): string | undefined {
    const handle = this.valueOf(row, 'handle');
    const long = handle === undefined ? undefined : [handle, ...options].join(':');
    const id = sku === undefined || (this.ids.has(sku) && long !== undefined) ? long : sku;
    if (id !== undefined) this.ids.add(id);
    return id;
  }

  /** Undefined where the file does not say; a text that is no number is judged as it is. */
  private stockOf(row: RawRow): string | undefined {
    const isTracked = this.valueOf(row, 'tracker') !== undefined;
    if (this.columns.has('tracker') && !isTracked) return 'true';
    if (/^(continue|true)$/i.test(this.valueOf(row, 'oversell') ?? '')) return 'true';
    const quantity = this.valueOf(row, 'quantity');
    const pieces = Number(quantity ?? Number.NaN);
    return Number.isNaN(pieces) ? quantity : String(pieces > 0);
  }

  private valueOf(row: RawRow, role: string): string | undefined {
    return firstOf(row.get(this.columns.get(role) ?? ''));
  }
}

/** Spreadsheets keep leading zeros behind an apostrophe. */
function plainText(text: string | undefined): string | undefined {
  return text?.replace(/^'/, '');
}
