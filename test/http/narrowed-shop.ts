import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { JsonObject } from '../../src/core/product.js';
import type { Encoder } from '../../src/embedding/encoder.js';
import type { Filter } from '../../src/filter/filter.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { firstPartition } from '../../src/placement/partition.js';
import { RootSearch } from '../../src/search/root-search.js';
import { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';
import type { ShardNode } from '../../src/shard/node/shard-node.js';
import { parseRule } from '../../src/merchandising/parse-rule.js';
import { CompiledBook } from '../../src/merchandising/rule-book.js';
import { RuleIndex } from '../../src/merchandising/rule-index.js';
import { SynonymTable } from '../../src/merchandising/synonyms.js';
import type { Narrowing } from '../../src/tenancy/narrowing.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { CountingEncoder, DIMENSIONS, type IngestHarness } from '../ingest/harness.js';
import { seeded } from '../search/brute-shop.js';
import { searchableOver } from '../shard/served-shard.js';
import { startNode } from '../shard/shard-fixture.js';
import { heldBy, place } from '../store/place.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { openHttp, type HttpHarness } from './harness.js';

/** What nobody with a narrowed key may read: in every field of every hidden product, and in excluded fields. */
export const CANARY = 'zyxcanary';
/** The same of another tenant. */
export const OTHERS = 'qwvstranger';

const AUDIENCE: Filter = { kind: 'in', field: 'audience', values: ['public'] };

/** All that is public, without what it costs and from whom it is. */
export const PUBLIC: Narrowing = {
  filters: [AUDIENCE],
  exclude: ['cost', 'supplier.terms'],
  version: 'public',
};

/** The same of two categories, in which a filter chooses partitions. */
export const MICE_AND_LAMPS: Narrowing = {
  filters: [AUDIENCE, { kind: 'in', field: 'category', values: ['Mice', 'Lamps'] }],
  exclude: ['cost', 'supplier.terms'],
  version: 'mice and lamps',
};

type Put = JsonObject & { id: string; category: string };

const CATEGORIES = ['Mice', 'Lamps', 'Pans', 'Shoes'];
export const WORDS = ['wireless', 'silent', 'gaming', 'black', 'compact', 'mouse', 'lamp', 'pro'];

function vectorOf(title: string): number[] {
  return Array.from(CountingEncoder.vector(title));
}

/** Products that all may see, each with fields that are not shown. */
export function publicProducts(count: number): Put[] {
  const next = seeded(17);
  return Array.from({ length: count }, (_, i): Put => {
    const title = Array.from({ length: 2 + next(3) }, () => WORDS[next(WORDS.length)]).join(' ');
    return {
      id: `p${i}`,
      title,
      category: CATEGORIES[next(CATEGORIES.length)] as string,
      ...(next(8) === 0 ? {} : { brand: `Brand ${next(6)}` }),
      ...(next(6) === 0 ? {} : { price: 5 + next(60) }),
      ...{ in_stock: next(4) > 0, audience: 'public', sku: `A${i}B` },
      attributes: { Colour: ['red', 'green', 'blue'].slice(next(3)), Size: `${next(4)}` },
      ...{ cost: 100_000 + i, supplier: { name: `S${next(3)}`, terms: `${CANARY} terms ${i}` } },
      vector: vectorOf(title),
    };
  });
}

/** Products that are hidden: `mark` in all that they have, among words that others have too. */
export function markedProducts(count: number, mark: string, audience: string): Put[] {
  const next = seeded(23);
  return Array.from({ length: count }, (_, i): Put => {
    const title = `${mark}${i % 9} ${WORDS[next(WORDS.length)]} ${WORDS[next(WORDS.length)]}`;
    const own = next(3) === 0 ? [`${mark} category`] : CATEGORIES;
    return {
      ...{ id: `${mark}-${i}`, title, category: own[next(own.length)] as string },
      ...{ brand: `${mark} brand ${i % 3}`, description: `${mark} words of wireles ${mark}${i}` },
      ...{
        price: 1 + (i % 3),
        in_stock: true,
        audience,
        sku: `${mark}sku${i}`,
        [`${mark}_field`]: i,
      },
      attributes: { Colour: [`${mark} red`], [`${mark} name`]: `${mark} value` },
      ...{ cost: 7, supplier: { name: `${mark} supplier`, terms: `${mark} terms` } },
      vector: vectorOf(title),
    };
  });
}

/** The products as a catalogue has them that holds nothing but what `PUBLIC` shows. */
export function shownAlone(products: readonly Put[]): Put[] {
  return products.map((product): Put => {
    const { supplier, ...rest } = product;
    delete rest['cost'];
    const shown = { ...(supplier as JsonObject) };
    delete shown['terms'];
    return { ...rest, supplier: shown };
  });
}

/** A server over real shards: words of the catalogue alone mean something to its encoder. */
export interface NarrowedShop extends HttpHarness {
  put(tenant: string, products: readonly Put[]): Promise<void>;
}

/** Of all tenants: what it pins and what stands for a word may be hidden. */
function bookOf(): CompiledBook {
  const index = new RuleIndex('en');
  const pinned = [
    { id: `${CANARY}-3`, position: 1 },
    { id: 'p3', position: 2 },
  ];
  const then = { pinned, hidden: ['p5'], data: { banner: 'games' } };
  index.add(parseRule({ id: 'r1', when: { query: 'gaming', match: 'contains' }, then }));
  const synonyms = new SynonymTable(DEFAULT_TEXT_SETTINGS);
  synonyms.add({ id: 's1', words: ['lamp', `${CANARY}3`, 'black'] });
  return new CompiledBook('1', index, synonyms);
}
const BOOK = bookOf();

/** Tenants of `spread` lie on two shards by category, others on one. */
export async function openNarrowedShop(spread: readonly string[]): Promise<NarrowedShop> {
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-narrowed-'));
  let fleet: ShardFleet | undefined;
  const names = ['s1', 's2'];
  const addresses = new Map(names.map((name) => [name, join(dir, `${name}.sock`)]));
  const searchOver = (node: IngestHarness): RootSearch => {
    const { store, directory, deps } = node;
    fleet = new ShardFleet(addresses, { storeId: store.storeId });
    return new RootSearch({
      ...{
        model: deps.model,
        encoder: encoderOf(node.encoder),
        placements: new PlacementCache(store),
      },
      ...{ fleet, searchable: searchableOver(store, fleet), store, tenants: directory },
      rules: { of: async () => BOOK },
      logger: pino({ level: 'silent' }),
    });
  };
  const http = await openHttp({ searchOver, searchMaxAgeS: 60 });
  const { store } = http;
  const nodes = await Promise.all(names.map((name) => serve(http, name, dir, addresses)));
  for (const tenant of spread) {
    const of = (category: string, node: string) => firstPartition(category, [node]);
    await place(store, tenant, [of('Mice', 's1'), of('Lamps', 's2'), of('Pans', 's2')]);
  }
  return {
    ...http,
    put: async (tenant, products) => {
      const rows = products.map((value, i) => ({
        line: i + 1,
        bytes: 0,
        value,
      }));
      const { mark, rejected, failure } = await http.ingest.upsert(tenant, rows);
      if (failure !== undefined || rejected.length > 0) throw failure ?? new Error('rejected');
      const { partitions } = await store.placement(tenant);
      for (const [i, { node }] of nodes.entries()) {
        const own = heldBy(names[i] as string, partitions);
        if (own.length === 0 || mark === undefined) continue;
        node.nudge(tenant);
        const wait = { type: 'await' as const, tenant, mark, partitions: encodePartitions(own) };
        if (!(await node.awaitApplied({ ...wait, budgetMs: 20_000 }))) throw new Error('it lags');
      }
    },
    close: async () => {
      fleet?.close();
      for (const { node, server } of nodes) {
        await server.close();
        await node.close();
      }
      await http.close();
      rmSync(dir, { recursive: true });
    },
  };
}

async function serve(
  { store, deps }: HttpHarness,
  shard: string,
  dir: string,
  addresses: ReadonlyMap<string, string>,
): Promise<{ node: ShardNode; server: ShardServer }> {
  const graph = { engine: 'usearch' as const, M: 8, efConstruction: 60 };
  // Everything is scanned: what graphs miss of two catalogues differs.
  const segment = { graphMinRows: 1e9, graph, ef: { target: 0.95, min: 64, max: 64 } };
  const own = { shard, model: deps.model.fingerprint, dimensions: DIMENSIONS, segment };
  const node = await startNode(store, join(dir, shard), [], own);
  const address = addresses.get(shard) as string;
  const queue = { queueLimit: 64, tenantQueueLimit: 64 };
  const options = { shard, storeId: store.storeId, address, ...queue };
  const server = new ShardServer(node, options, pino({ level: 'silent' }));
  await server.listen();
  return { node, server };
}

function encoderOf(counting: CountingEncoder): Encoder {
  const known = new Set(WORDS);
  return {
    model: counting.model,
    cutoff: 0.95,
    knowsPiece: (word) => known.has(word),
    embedQuery: (text) => counting.embedQuery(text),
    embedQueries: (texts) => counting.embedQueries(texts),
    embedProducts: (products) => counting.embedProducts(products),
    status: () => counting.status(),
    close: () => counting.close(),
  };
}
