import { OmniError } from '../core/errors.js';
import type { KeyKind } from '../tenancy/keys/key-record.js';

/** What a route wants of a key. */
export interface Need {
  /** The least kind. */
  kind: KeyKind;
  /** What is done, in Typesense's names. */
  action: string;
}

const SEARCH = 'documents:search';

/** What a shop's pages ask for. */
const OF_PAGES: ReadonlyMap<string, string> = new Map([
  ['GET /search', SEARCH],
  ['POST /search/text', SEARCH],
  ['POST /search/vector', SEARCH],
  ['POST /search/similar', SEARCH],
  ['POST /search/batch', SEARCH],
  ['GET /suggest', SEARCH],
  ['GET /categories', SEARCH],
  ['POST /events', 'analytics/events:create'],
  ['POST /typesense/multi_search', SEARCH],
  ['GET /typesense/collections/:collection/documents/search', SEARCH],
  ['POST /algolia/1/indexes/:index/queries', SEARCH],
  ['POST /algolia/1/indexes/:index/query', SEARCH],
  ['POST /algolia/1/indexes/:index/facets/:facet/query', SEARCH],
]);

/** What takes a tenant away, with its plan and its usage, or a whole catalogue, whatever its address begins with. */
const OF_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['GET /tenants/:id/export', 'tenants:export'],
  ['GET /tenants/:id/digest', 'tenants:export'],
  ['GET /tenants/:id/import', 'tenants:import'],
  ['POST /tenants/:id/import', 'tenants:import'],
  ['DELETE /typesense/collections/:collection', 'collections:delete'],
]);

/** What keeps a catalogue asks for what begins so, and the names of that in actions. */
const OF_WRITERS: readonly (readonly [RegExp, string])[] = [
  [/^\/(products|imports|price-lists)(\/|$)/, 'documents'],
  [/^\/settings$/, 'settings'],
  [/^\/rules(\/|$)/, 'overrides'],
  [/^\/synonyms(\/|$)/, 'synonyms'],
  [/^\/analytics$/, 'analytics'],
  [/^\/typesense\/collections\/:collection\/documents/, 'documents'],
  [/^\/typesense\/collections(\/|$)/, 'collections'],
];

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'upsert',
  PATCH: 'update',
  DELETE: 'delete',
};

/** What a route wants, by its method and address as it was added: what is not named here is for operators. */
export function needOf(method: string, route: string): Need {
  const asked = method === 'HEAD' ? 'GET' : method;
  const ofPages = OF_PAGES.get(`${asked} ${route}`);
  if (ofPages !== undefined) return { kind: 'search', action: ofPages };
  const ofOperators = OF_OPERATORS.get(`${asked} ${route}`);
  if (ofOperators !== undefined) return { kind: 'admin', action: ofOperators };
  const verb = VERBS[asked] ?? 'other';
  const ofWriters = OF_WRITERS.find(([form]) => form.test(route));
  if (ofWriters !== undefined) return { kind: 'write', action: `${ofWriters[1]}:${verb}` };
  const [, first = ''] = route.replace(/^\/typesense/, '').split('/');
  return { kind: 'admin', action: `${first}:${verb}` };
}

/** Throws `forbidden` for what a key may not; without `actions` it may all that its kind may. */
export function requireAction(action: string, actions: readonly string[] | undefined): void {
  if (actions === undefined || isAllowed(action, actions)) return;
  throw new OmniError('forbidden', `the key is not for ${action}`);
}

/** Whether one of a key's actions stands for this one: `documents:*` and `*` for several. */
function isAllowed(action: string, actions: readonly string[]): boolean {
  return actions.some(
    (one) =>
      one === action || one === '*' || (one.endsWith(':*') && action.startsWith(one.slice(0, -1))),
  );
}
