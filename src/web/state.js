// @ts-check
/**
 * What the shopper asked for. The address bar holds all of it, so a search can be shared.
 *
 * @typedef {object} State
 * @property {string} query
 * @property {string[]} categories
 * @property {number | undefined} min
 * @property {number | undefined} max
 * @property {boolean} inStock
 * @property {boolean} literal words are searched for as they are: none of them becomes a filter
 * @property {string | undefined} tenant
 */

/** The longest query that the API takes. */
const MAX_QUERY_CHARACTERS = 2_000;

/** @param {string} search the part of an address from `?` on @returns {State} */
export function readState(search) {
  const params = new URLSearchParams(search);
  return {
    query: (params.get('q') ?? '').slice(0, MAX_QUERY_CHARACTERS),
    categories: [...new Set(params.getAll('category').filter((name) => name !== ''))],
    min: priceOf(params.get('min') ?? ''),
    max: priceOf(params.get('max') ?? ''),
    inStock: params.get('stock') === '1',
    literal: params.get('literal') === '1',
    tenant: params.get('tenant') || undefined,
  };
}

/** @param {State} state @returns {string} the path and query that `readState` reads back */
export function addressOf(state) {
  const params = new URLSearchParams();
  if (state.query.trim() !== '') params.set('q', state.query.trim());
  for (const category of state.categories) params.append('category', category);
  if (state.min !== undefined) params.set('min', String(state.min));
  if (state.max !== undefined) params.set('max', String(state.max));
  if (state.inStock) params.set('stock', '1');
  if (state.literal) params.set('literal', '1');
  if (state.tenant !== undefined) params.set('tenant', state.tenant);
  const search = params.toString();
  return search === '' ? '/' : `/?${search}`;
}

/** @param {string} text @returns {number | undefined} a price a person typed, if it is one */
export function priceOf(text) {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** @type {Readonly<Pick<State, 'categories' | 'min' | 'max' | 'inStock'>>} */
export const NO_FILTERS = { categories: [], min: undefined, max: undefined, inStock: false };

/** @param {State} state @returns {boolean} */
export function hasFilters(state) {
  const { categories, min, max, inStock } = state;
  return categories.length > 0 || min !== undefined || max !== undefined || inStock;
}

/** @param {State} state @returns {Record<string, unknown> | undefined} the API's `filter` */
export function filterOf(state) {
  if (!hasFilters(state)) return undefined;
  const { categories, min, max, inStock } = state;
  const price = {
    ...(min === undefined ? {} : { gte: min }),
    ...(max === undefined ? {} : { lte: max }),
  };
  return {
    ...(categories.length === 0 ? {} : { category: categories }),
    ...(min === undefined && max === undefined ? {} : { price }),
    ...(inStock ? { in_stock: true } : {}),
  };
}
