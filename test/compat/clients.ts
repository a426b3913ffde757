import { createRequire } from 'node:module';
import { liteClient } from 'algoliasearch/lite';
import { Client } from 'typesense';
import type { SearchClient } from './shop-front.js';

const require = createRequire(import.meta.url);
const { default: Adapter } = require('typesense-instantsearch-adapter') as {
  default: new (options: object) => { searchClient: SearchClient };
};

const PATIENCE_MS = 30_000;

/** Fields whose values may hold what the adapter takes for the end of a field's name. */
const SPECIAL = ['brand', 'kind', 'color', 'categories.lvl0', 'categories.lvl1'];

function serverOf(url: string) {
  const { hostname, port } = new URL(url);
  return { nodes: [{ host: hostname, port: Number(port), protocol: 'http', path: '/typesense' }] };
}

export function typesenseClient(url: string, apiKey: string): Client {
  return new Client({ ...serverOf(url), apiKey, connectionTimeoutSeconds: 60 });
}

/** How the adapter for instantsearch.js is made, as its documentation has it. */
export function adapterOptions(url: string, apiKey: string): object {
  return {
    server: {
      ...serverOf(url),
      apiKey,
      cacheSearchResultsForSeconds: 0,
      connectionTimeoutSeconds: PATIENCE_MS / 1_000,
    },
    additionalSearchParameters: {
      query_by: 'name,brand,description',
      highlight_full_fields: 'name',
    },
    facetableFieldsWithSpecialCharacters: SPECIAL,
  };
}

export function typesenseSearchClient(url: string, apiKey: string): SearchClient {
  return new Adapter(adapterOptions(url, apiKey)).searchClient;
}

/** What `liteClient` wants to be told of another host, beside the names of application and key. */
export function algoliaOptions(url: string) {
  const host = `${new URL(url).host}/algolia`;
  return {
    hosts: [{ url: host, accept: 'readWrite' as const, protocol: 'http' as const }],
    // A busy machine takes its time over the first request.
    timeouts: { connect: PATIENCE_MS, read: PATIENCE_MS, write: PATIENCE_MS },
  };
}

export function algoliaSearchClient(url: string, apiKey: string): SearchClient {
  return liteClient('any', apiKey, algoliaOptions(url));
}
