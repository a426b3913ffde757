import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { hashId } from '../../src/core/ids.js';
import { DEPARTMENTS } from '../../scripts/demo-catalogue/departments.js';
import { demoShop } from '../../scripts/demo-catalogue/products.js';

/** A document of the tour, as a shop keeps it in another engine: with neither title nor category. */
export interface TourDocument {
  id: string;
  name: string;
  brand?: string;
  kind: string;
  description?: string;
  price?: number;
  color?: string[];
  rating?: number;
  in_stock: boolean;
  categories: { lvl0: string; lvl1: string };
}

export const SCHEMA = {
  name: 'tour',
  fields: [
    { name: 'name', type: 'string' },
    { name: 'description', type: 'string', optional: true },
    { name: 'brand', type: 'string', facet: true, optional: true },
    { name: 'kind', type: 'string', facet: true },
    { name: 'color', type: 'string[]', facet: true, optional: true },
    { name: 'rating', type: 'int32', facet: true, optional: true },
    { name: 'in_stock', type: 'bool', facet: true },
    { name: 'price', type: 'float', facet: true, optional: true },
    { name: 'categories', type: 'object', facet: true },
  ],
} as const;

interface Source {
  id: string;
  title: string;
  category: string;
  brand?: string | null;
  description?: string | null;
  price?: number | null;
  attributes?: Record<string, unknown>;
}

/** Names that a filter's grammar would trip over, were it cut as text. */
const AWKWARD = [
  'E`tick',
  'A && B:=[1]',
  'Says "hi"',
  "it's",
  '5`, 6`',
  '-Dash',
  'a: b',
  '(x) || y',
];

/** Of the products in a file, NDJSON and gzip, else of the demo shop. */
export function tourDocuments(file?: string): TourDocument[] {
  const sources = file === undefined ? demoShop(DEPARTMENTS).products : productsOf(file);
  return (sources as Source[]).map(toDocument);
}

function productsOf(file: string): Source[] {
  const text = gunzipSync(readFileSync(file)).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Source);
}

function toDocument({ id, title, category, attributes = {}, ...source }: Source): TourDocument {
  const chance = hashId(id);
  const awkward = chance % 40 === 0 ? AWKWARD[(chance >>> 8) % AWKWARD.length] : undefined;
  const brand = awkward ?? source.brand ?? undefined;
  const color = coloursOf(
    attributes['product colour'] ?? attributes['Colour'] ?? attributes['colour'],
  );
  return {
    id,
    name: title,
    ...(brand === undefined ? {} : { brand }),
    kind: `${category} ${chance % 3}`,
    ...(typeof source.description === 'string' ? { description: source.description } : {}),
    ...(typeof source.price === 'number' ? { price: source.price } : {}),
    ...(color === undefined ? {} : { color }),
    // The adapter cannot tell values of a field from one that holds a colon.
    ...(chance % 7 === 0 ? {} : { rating: 1 + (chance % 5) }),
    in_stock: chance % 4 !== 0,
    categories: { lvl0: category, lvl1: `${category} > ${['Small', 'Large'][chance % 2]}` },
  };
}

function coloursOf(value: unknown): string[] | undefined {
  if (typeof value === 'string' && value !== '') return value.split(/,\s*/);
  return Array.isArray(value) && value.length > 0 ? (value as string[]) : undefined;
}
