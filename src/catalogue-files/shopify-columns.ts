import { ATTRIBUTES } from './field-map.js';

/**
 * What a column of Shopify is to us. `product`: stands in the first row of a product only, and holds for all of
 * its variants.
 */
export interface ShopifyColumn {
  /** What `shopify-layout.ts` calls it. */
  role: string;
  level: 'product' | 'variant';
  fields: readonly string[];
}

type Entry = readonly [names: string, role: string, level: ShopifyColumn['level'], fields: string];

/** Names of exports of all years, in small letters. */
const ENTRIES: readonly Entry[] = [
  ['handle|url handle', 'handle', 'variant', 'handle'],
  ['title', 'title', 'product', 'title'],
  ['body (html)|description', 'description', 'product', 'description'],
  ['vendor', 'brand', 'product', 'brand'],
  ['type|custom product type', 'type', 'product', 'category'],
  ['product category|standard product type', 'path', 'product', 'category categories'],
  ['tags', 'tags', 'product', 'tags'],
  ['published|published on online store', 'published', 'product', 'published'],
  ['status', 'status', 'product', 'status'],
  ['image src|product image url', 'image', 'product', 'image_url'],
  ['variant image|variant image url', 'variantImage', 'variant', 'image_url'],
  ['variant sku|sku', 'sku', 'variant', 'id sku'],
  ['variant barcode|barcode', 'gtin', 'variant', 'gtin'],
  ['variant price|price', 'price', 'variant', 'price'],
  ['variant compare at price|compare-at price', 'compareAt', 'variant', 'compare_at_price'],
  ['variant inventory qty|inventory quantity', 'quantity', 'variant', 'in_stock'],
  ['variant inventory tracker|inventory tracker', 'tracker', 'variant', 'in_stock'],
  [
    'variant inventory policy|continue selling when out of stock',
    'oversell',
    'variant',
    'in_stock',
  ],
  ...[1, 2, 3].flatMap((n): Entry[] => [
    [`option${n} name`, `option${n}`, 'product', 'attributes'],
    [`option${n} value`, `value${n}`, 'variant', 'id attributes'],
  ]),
];

const COLUMNS: ReadonlyMap<string, ShopifyColumn> = new Map(
  ENTRIES.flatMap(([names, role, level, fields]) =>
    names.split('|').map((name) => [name, { role, level, fields: fields.split(' ') }]),
  ),
);

/** `Color (product.metafields.shopify.color-pattern)` is a field of the shop's own. */
const METAFIELD = /^(.+?) \((product|variant)\.metafields\.[^)]*\)$/;

/** Undefined for what is of no use to a search, or nobody's business, such as what an item costs the shop. */
export function shopifyColumn(name: string): ShopifyColumn | undefined {
  const known = COLUMNS.get(name.toLowerCase());
  if (known !== undefined) return known;
  const [, label, level] = METAFIELD.exec(name) ?? [];
  if (label === undefined) return undefined;
  const field = ATTRIBUTES + label;
  return { role: field, level: level === 'variant' ? 'variant' : 'product', fields: [field] };
}

/** Whether a header is one of Shopify's. */
export function isShopifyHeader(columns: readonly string[]): boolean {
  const names = new Set(columns.map((name) => name.toLowerCase()));
  const hasAny = (...some: string[]): boolean => some.some((name) => names.has(name));
  return (
    names.has('title') &&
    hasAny('handle', 'url handle') &&
    hasAny('body (html)', 'vendor', 'option1 name', 'variant price', 'variant sku', 'image src')
  );
}
