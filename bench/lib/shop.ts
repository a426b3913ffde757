import type { BenchRun } from './bench.js';
import { loadCatalogue, type Catalogue } from './catalogue.js';
import { JsonClient } from './client.js';
import type { FlagSpecs } from './flags.js';
import { ingest, waitUntilQuiet } from './ingest.js';
import { OmniServer } from './omni-server.js';
import type { ProcessInfo } from './processes.js';
import { search, type SearchReply } from './search.js';
import { loadTraffic, type Traffic } from './traffic.js';

/** Options of the benches that search a catalogue by text. */
export const SHOP_FLAGS = {
  catalogue: { default: '', help: 'products as NDJSON; else shared data, else the demo shop' },
  queries: { default: '', help: 'query<TAB>popularity; else shared data, else made of titles' },
  model: { default: '', help: 'model folder; else the bundled one' },
  shards: { default: 2, help: 'shard processes' },
  'query-nodes': { default: 1, help: 'query nodes, which share the port' },
  url: { default: '', help: 'a running server that holds the catalogue; else one is started' },
} satisfies FlagSpecs;

/** A server with a catalogue in it, and what shoppers type there. */
export interface Shop {
  catalogue: Catalogue;
  traffic: Traffic;
  client: JsonClient;
  /** Absent when the server is someone else's. */
  server?: OmniServer;
  processes(): ProcessInfo[];
}

/** What a storefront's list of results shows. */
const FIELDS = ['title', 'brand', 'price'];

/** Starts a server, loads the catalogue into it and waits until it is at rest. */
export async function openShop(
  run: BenchRun<typeof SHOP_FLAGS>,
  replicas = 1,
  env: NodeJS.ProcessEnv = {},
): Promise<Shop> {
  const { flags } = run;
  const catalogue = await loadCatalogue(flags.catalogue);
  const traffic = await loadTraffic(catalogue, flags.seed, flags.queries);
  if (flags.url !== '') {
    const client = run.use(new JsonClient(flags.url));
    return { catalogue, traffic, client, processes: () => [] };
  }
  run.say(`starting OmniSearch with ${String(flags.shards)} shards`);
  const model = flags.model === '' ? {} : { model: flags.model };
  const { shards, 'query-nodes': queryNodes } = flags;
  const server = await run.start(OmniServer.start({ shards, replicas, queryNodes, env, ...model }));
  const { products } = catalogue;
  await ingest(server.client, products.length, (row) => products[row]?.line ?? '');
  await waitUntilQuiet(() => server.processes());
  return { catalogue, traffic, client: server.client, server, processes: () => server.processes() };
}

export function askText(client: JsonClient, query: string): Promise<SearchReply> {
  return search(client, '/search/text', { query, top_k: 10, fields: FIELDS });
}

export function describeShop({ catalogue, traffic }: Shop): Record<string, unknown> {
  return {
    catalogue: catalogue.name,
    products: catalogue.products.length,
    queries: traffic.name,
    logged_queries: traffic.log.length,
  };
}
