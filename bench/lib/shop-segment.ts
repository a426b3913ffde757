import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { normalise } from '../../src/core/vector.js';
import type { JsonObject, Product } from '../../src/core/product.js';
import { writeSegment } from '../../src/shard/build/write-segment.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { productTerms } from '../../src/text/product-terms.js';
import { Random } from './random.js';

export interface ShopIndex {
  index: TenantIndex;
  close: () => Promise<void>;
}

const CATEGORIES = 40;
const BRANDS = 500;
const COLOURS = 30;
const TAGS = 200;
/** So many products have the word `wN`: a thousand, ten thousand, all. */
export const WORDS = [1_000, 10_000, Infinity] as const;

/**
 * A shop of made-up products in one segment, a tenth of a percent of it in the write buffer: brands, colours
 * and tags as skewed as real ones, prices of all kinds, attributes that some products have.
 */
export async function shopSegment(
  count: number,
  dimensions: number,
  seed: number,
): Promise<ShopIndex> {
  const random = new Random(seed, 'facets');
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-facets-'));
  const written = new WriteBuffer(dimensions);
  const tail = new WriteBuffer(dimensions);
  for (let row = 0; row < count; row++) {
    const product = productOf(row, count, random);
    const vector = normalise(Array.from({ length: dimensions }, () => random.next() - 0.3));
    const terms = productTerms(product, DEFAULT_TEXT_SETTINGS);
    const buffer = row % 1_000 === 999 ? tail : written;
    buffer.append(product, row + 1, vector as Float32Array, terms);
  }
  const record = await writeSegment(folder, 's', [written], {
    dimensions,
    graphMinRows: 1e9,
    graph: { engine: 'usearch', M: 16, efConstruction: 64 },
    ef: { target: 0.95, min: 64, max: 64 },
  });
  if (record === undefined) throw new Error('no product was written');
  const index = new TenantIndex('bench', 'm', dimensions, DEFAULT_TEXT_SETTINGS);
  const segment = await openSegment(folder, record);
  index.segments = [segment];
  index.tail = tail;
  const close = async (): Promise<void> => {
    await segment.close();
    await rm(folder, { recursive: true });
  };
  return { index, close };
}

/** A product of such a shop of `count`. */
export function productOf(row: number, count: number, random: Random): Product {
  const skewed = (bound: number): number => Math.floor(bound * random.next() ** 2);
  const words = WORDS.flatMap((having, i) => {
    return random.next() < having / count ? [`w${String(i)}`] : [];
  });
  const attributes: JsonObject = {};
  if (random.next() < 0.4) attributes['Colour'] = `colour ${String(skewed(COLOURS))}`;
  return {
    id: `product-${String(row).padStart(7, '0')}`,
    title: `${words.join(' ')} model ${String(skewed(5_000))}`,
    category: `category ${String(skewed(CATEGORIES))}`,
    brand: `Brand ${String(skewed(BRANDS))}`,
    price: Math.round(100 * Math.exp(7 * random.next())) / 100,
    in_stock: random.next() < 0.8,
    tags: Array.from({ length: 3 }, () => `tag ${String(skewed(TAGS))}`),
    attributes,
  };
}
