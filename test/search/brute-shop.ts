import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { normalise } from '../../src/core/vector.js';
import type { JsonObject } from '../../src/core/product.js';
import type { Encoder } from '../../src/embedding/encoder.js';
import { MATCH_ALL } from '../../src/filter/filter.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { firstPartition } from '../../src/placement/partition.js';
import { RootSearch } from '../../src/search/root-search.js';
import {
  PLAIN_SHOP,
  type SearchReply,
  type SearchRequest,
  type ShopOptions,
} from '../../src/search/search-types.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { ProductWrite, Store } from '../../src/store/store.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { place } from '../store/place.js';
import { BruteFleet, TENANT } from './brute-fleet.js';
import { anyCaller } from './caller.js';

const DIMENSIONS = 8;
const MODEL = 'm1';
const CATEGORIES = ['Mice', 'Keyboards', 'Pans', 'Lamps', 'Shoes'];

/** A text's meaning: its words' directions, added up. */
export function meaningOf(text: string): Float32Array {
  const sum = new Array<number>(DIMENSIONS).fill(0.01);
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    const at = Array.from(word).reduce(
      (hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 997,
      7,
    );
    sum[at % DIMENSIONS] = (sum[at % DIMENSIONS] ?? 0) + 1;
  }
  return normalise(sum) as Float32Array;
}

/** Every word of three letters and more means something to it. */
const encoder: Pick<Encoder, 'cutoff' | 'embedQuery' | 'embedQueries' | 'knowsPiece'> = {
  cutoff: 0.3,
  embedQuery: async (text) => ({ vector: meaningOf(text), source: 'computed' }),
  embedQueries: async (texts) =>
    texts.map((text) => ({ vector: meaningOf(text), source: 'computed' as const })),
  knowsPiece: (word) => /^[a-z]{3,}$/.test(word),
};

/** Numbers that are the same in every run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function putProduct(product: JsonObject & { id: string; title: string }): ProductWrite {
  const content = JSON.stringify(product);
  return {
    ...{ op: 'put', id: product.id, feedVersion: undefined, model: MODEL },
    product: { category: 'Mice', ...product },
    ...{ contentHash: content, embedHash: content },
    vectors: { text: meaningOf(product.title) },
  };
}

const WORDS = [
  'wireless',
  'silent',
  'gaming',
  'black',
  'compact',
  'mouse',
  'lamp',
  'pro',
  'cordless',
];

/** A catalogue with brands, colours in lists, prices, some of which are missing. */
export function catalogue(count: number): (JsonObject & { id: string; title: string })[] {
  const next = seeded(4_711);
  return Array.from({ length: count }, (_, i) => {
    const title = Array.from({ length: 2 + next(3) }, () => WORDS[next(WORDS.length)]).join(' ');
    return {
      id: `p${String(i).padStart(3, '0')}`,
      title,
      category: CATEGORIES[next(CATEGORIES.length)] as string,
      ...(next(8) === 0 ? {} : { brand: `Brand ${next(6)}` }),
      ...(next(6) === 0 ? {} : { price: 5 + next(60) }),
      in_stock: next(4) > 0,
      attributes: { Colour: ['red', 'green', 'blue'].slice(next(3)), Size: `${next(4)}` },
    };
  });
}

function nodeOf(store: Store, fleet: BruteFleet): RootSearch {
  return new RootSearch({
    model: { name: 'test', fingerprint: MODEL, dimensions: DIMENSIONS },
    encoder: encoder as Encoder,
    placements: new PlacementCache(store),
    ...{ fleet, searchable: fleet, store },
    tenants: new TenantDirectory(store.records, true),
    logger: pino({ level: 'silent' }),
  });
}

/** A shop over a real store and shards that find by going through all rows. */
export class BruteShop {
  private constructor(
    private readonly dir: string,
    readonly store: Store,
    readonly fleet: BruteFleet,
    readonly search: RootSearch,
  ) {}

  static async open(shards: number): Promise<BruteShop> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-shop-'));
    const store = await openLmdbStore({ dir });
    const parts = CATEGORIES.map((category, i) => firstPartition(category, [`s${i % shards}`]));
    await place(store, TENANT, parts);
    const fleet = new BruteFleet(store);
    return new BruteShop(dir, store, fleet, nodeOf(store, fleet));
  }

  /** A search by another query node of the same store. */
  anotherNode(): (request: SearchRequest) => Promise<SearchReply> {
    const node = nodeOf(this.store, this.fleet);
    return (request) => node.search(request, anyCaller());
  }

  async write(writes: readonly ProductWrite[]): Promise<void> {
    await this.store.write(TENANT, writes);
  }

  request(
    query: SearchRequest['query'],
    shop: Partial<ShopOptions> = {},
    more: Partial<SearchRequest> = {},
  ): SearchRequest {
    return {
      ...{ tenant: TENANT, query, topK: 10, filter: MATCH_ALL, fields: undefined, exact: true },
      ...{ explain: false, timeoutMs: 20_000, shop: { ...PLAIN_SHOP, ...shop } },
      ...more,
    };
  }

  ask(...asked: Parameters<BruteShop['request']>): Promise<SearchReply> {
    return this.search.search(this.request(...asked), anyCaller());
  }

  async close(): Promise<void> {
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }
}

export const idsOf = ({ hits }: SearchReply): string[] => hits.map(({ id }) => id);
