import { leafOf, levelsOf } from './category-path.js';
import { ATTRIBUTES } from './field-map.js';
import { firstOf, type Layout, type RawRow, type RawValue } from './layout.js';

/** Where Google's words are others than ours. */
const FIELDS = new Map<string, readonly string[]>([
  ['link', ['url']],
  ['image_link', ['image_url']],
  ['availability', ['in_stock', 'availability']],
  ['product_type', ['category', 'categories']],
  ['google_product_category', ['category', 'categories']],
]);
/** What shoppers filter by. */
const TRAITS = new Set(
  'color size material pattern gender age_group size_type size_system'.split(' '),
);
/** What a shop tells Google and not its customers. */
const LEFT_OUT = new Set(['cost_of_goods_sold', 'auto_pricing_min_price']);
/** Columns that no other kind of file has by accident: two of them tell. */
const TELLING = new Set([...FIELDS.keys(), 'item_group_id', 'additional_image_link']);
const SAME = 'id title description brand gtin mpn price sale_price condition'.split(' ');
const KNOWN = new Set([...TELLING, ...TRAITS, ...LEFT_OUT, ...SAME]);
/** A category where a feed has none: it is optional there, and not here. */
export const NO_CATEGORY = '-';

/** Google Merchant's columns, in XML and in tables. */
export const GOOGLE_LAYOUT: Layout = {
  title: 'Google Merchant',
  key: 'id',
  kinds: new Map([
    ['price', 'price'],
    ['sale_price', 'price'],
    ['in_stock', 'switch'],
  ]),
  required: ['id', 'title'],
  complete: (row) => row,

  fieldsOf(column) {
    const name = googleName(column);
    if (LEFT_OUT.has(name)) return [];
    return TRAITS.has(name) ? [ATTRIBUTES + name] : (FIELDS.get(name) ?? [name]);
  },

  product(row) {
    const google = new Map([...row].map(([column, value]) => [googleName(column), value]));
    const product = new Map<string, RawValue>();
    for (const [name, value] of google) {
      const [field] = GOOGLE_LAYOUT.fieldsOf(name);
      // What has our name already, by the file or by --map, goes first.
      if (field !== undefined && (field === name || !google.has(field))) product.set(field, value);
    }
    const availability = firstOf(google.get('availability'));
    if (availability !== undefined) product.set('availability', wordOf(availability));
    const images = google.get('additional_image_link');
    if (images !== undefined) product.set('additional_image_link', listOf(images));
    for (const [field, value] of categoryOf(google)) product.set(field, value);
    return product;
  },
};

/** Whether a table's header is one of Google's. */
export function isGoogleHeader(columns: readonly string[]): boolean {
  const names = columns.map(googleName);
  const has = (name: string): boolean => names.includes(name);
  return has('id') && has('title') && names.filter((name) => TELLING.has(name)).length >= 2;
}

/** The shop's own path before Google's: it is what its customers know. */
function categoryOf(google: RawRow): [string, RawValue][] {
  const paths = [google.get('product_type') ?? google.get('google_product_category') ?? []].flat();
  const category = google.get('category') ?? leafOf(paths[0] ?? '') ?? NO_CATEGORY;
  const levels = google.get('categories') ?? [...new Set(paths.flatMap(levelsOf))];
  return [
    ['category', category],
    ...(levels.length === 0 ? [] : [['categories', levels] as [string, RawValue]]),
  ];
}

/** Tables write several addresses with commas between them. */
function listOf(value: RawValue): readonly string[] {
  return typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value;
}

/** A name as the feed's specification has it: tables may write `image link`, or `g:id`. */
function googleName(column: string): string {
  const name = wordOf(column).replace(/^g:/, '');
  return KNOWN.has(name) ? name : column.replace(/^g:/, '');
}

function wordOf(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, '_');
}
