import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';
import { ShopFront, type Library, type SearchClient } from './shop-front.js';

/** As Node knows it: its modules for bundlers are no modules of Node's. */
const require = createRequire(import.meta.url);

/** The page in a window of jsdom. */
export function nodeFront(client: SearchClient, index: string, perPage: number): ShopFront {
  openWindow();
  const { default: instantsearch } = require('instantsearch.js') as {
    default: Library['instantsearch'];
  };
  const connectors = require('instantsearch.js/cjs/connectors') as Library['connectors'];
  const { configure } = require('instantsearch.js/cjs/widgets') as Pick<Library, 'configure'>;
  return new ShopFront(client, index, perPage, { instantsearch, connectors, configure });
}

/** What the libraries expect of a browser. */
function openWindow(): void {
  if ('document' in globalThis) return;
  const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://localhost/' });
  Object.assign(globalThis, { window, document: window.document });
}
