import type { ClientOptions } from './chromium-front.js';
import {
  adapterOptions,
  algoliaOptions,
  algoliaSearchClient,
  typesenseSearchClient,
} from './clients.js';
import type { SearchClient } from './shop-front.js';

/** A client of an engine that shops use, in Node and in a browser. */
export interface ClientKind {
  name: string;
  clientOf: (url: string, key: string) => SearchClient;
  optionsOf: (url: string, key: string) => ClientOptions;
}

export const CLIENT_KINDS: readonly ClientKind[] = [
  {
    name: 'typesense with its adapter',
    clientOf: typesenseSearchClient,
    optionsOf: (url, key) => ({ api: 'typesense', options: [adapterOptions(url, key)] }),
  },
  {
    name: 'algoliasearch/lite',
    clientOf: algoliaSearchClient,
    optionsOf: (url, key) => ({ api: 'algolia', options: [key, algoliaOptions(url)] }),
  },
];
