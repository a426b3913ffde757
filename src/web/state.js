// @ts-check
import { readScalar, writeScalar } from './scalar.js';

/** @typedef {import('./wire.js').Scalar} Scalar */
/** @typedef {import('../client/wire.js').Filter} Filter */

/**
 * What the shopper asked for. The address bar holds all of it, so a search can be shared.
 *
 * @typedef {object} State
 * @property {string} query
 * @property {Readonly<Record<string, readonly Scalar[]>>} chosen values by facet, none of them empty
 * @property {number | undefined} min
 * @property {number | undefined} max
 * @property {boolean} inStock
 * @property {string} sort a key of `SORTS`
 * @property {number} page from 1
 * @property {boolean} literal words are searched for as they are: none of them becomes a filter
 * @property {string | undefined} product shown instead of the results
 * @property {string | undefined} tenant
 */

/** The longest query that the API takes. */
const MAX_QUERY_CHARACTERS = 2_000;
/** Facets that an address can choose values of. */
const FACET = /^(category|brand|categories\.lvl\d|attributes\..+)$/;

/** What a list can be sorted by; the first is the search's own order. */
export const SORTS = {
  best: { label: 'Best match', sort: undefined },
  'price-asc': { label: 'Price, lowest first', sort: { field: 'price', order: 'asc' } },
  'price-desc': { label: 'Price, highest first', sort: { field: 'price', order: 'desc' } },
  'title-asc': { label: 'Name, A to Z', sort: { field: 'title', order: 'asc' } },
};

/** @param {string} search the part of an address from `?` on @returns {State} */
export function readState(search) {
  const params = new URLSearchParams(search);
  const page = Number(params.get('page') ?? '1');
  const sort = params.get('sort') ?? '';
  return {
    query: (params.get('q') ?? '').slice(0, MAX_QUERY_CHARACTERS),
    chosen: chosenIn(params),
    min: priceOf(params.get('min') ?? ''),
    max: priceOf(params.get('max') ?? ''),
    inStock: params.get('stock') === '1',
    sort: Object.hasOwn(SORTS, sort) ? sort : 'best',
    page: Number.isInteger(page) && page >= 1 ? page : 1,
    literal: params.get('literal') === '1',
    product: params.get('product') || undefined,
    tenant: params.get('tenant') || undefined,
  };
}

/** @param {URLSearchParams} params */
function chosenIn(params) {
  /** @type {Record<string, Scalar[]>} */
  const chosen = {};
  for (const name of new Set(params.keys())) {
    if (!FACET.test(name)) continue;
    const values = [...new Set(params.getAll(name).filter((text) => text !== ''))];
    if (values.length > 0) chosen[name] = values.map(readScalar);
  }
  return chosen;
}

/** @param {State} state @returns {string} the path and query that `readState` reads back */
export function addressOf(state) {
  const params = new URLSearchParams();
  if (state.query.trim() !== '') params.set('q', state.query.trim());
  for (const [name, values] of Object.entries(state.chosen)) {
    for (const value of values) params.append(name, writeScalar(value));
  }
  if (state.min !== undefined) params.set('min', String(state.min));
  if (state.max !== undefined) params.set('max', String(state.max));
  if (state.inStock) params.set('stock', '1');
  if (state.sort !== 'best') params.set('sort', state.sort);
  if (state.page > 1) params.set('page', String(state.page));
  if (state.literal) params.set('literal', '1');
  if (state.product !== undefined) params.set('product', state.product);
  if (state.tenant !== undefined) params.set('tenant', state.tenant);
  const search = params.toString();
  return search === '' ? '/' : `/?${search}`;
}

/** @param {string} text @returns {number | undefined} a price a person typed, if it is one */
export function priceOf(text) {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** @type {Readonly<Pick<State, 'chosen' | 'min' | 'max' | 'inStock'>>} */
export const NO_FILTERS = { chosen: {}, min: undefined, max: undefined, inStock: false };

/** @param {State} state @returns {number} how many filters are on */
export function filterCount({ chosen, min, max, inStock }) {
  const values = Object.values(chosen).reduce((sum, { length }) => sum + length, 0);
  return values + (min !== undefined || max !== undefined ? 1 : 0) + (inStock ? 1 : 0);
}

/** @param {State} state @returns {boolean} */
export function hasFilters(state) {
  return filterCount(state) > 0;
}

/** @param {State} state @returns {Filter | undefined} the API's `filter` */
export function filterOf(state) {
  if (!hasFilters(state)) return undefined;
  const { chosen, min, max, inStock } = state;
  const price = {
    ...(min === undefined ? {} : { gte: min }),
    ...(max === undefined ? {} : { lte: max }),
  };
  return {
    ...chosen,
    ...(min === undefined && max === undefined ? {} : { price }),
    ...(inStock ? { in_stock: true } : {}),
  };
}

/**
 * @param {State} state
 * @param {string} field
 * @param {readonly Scalar[]} values
 * @returns {State['chosen']} with these values of the facet instead of its others
 */
export function withValues({ chosen }, field, values) {
  const { [field]: _, ...others } = chosen;
  return values.length === 0 ? others : { ...others, [field]: values };
}
