// @ts-check
import { CARD_FIELDS } from './hit-card.js';
import { filterOf, SORTS } from './state.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('../client/wire.js').TextSearch | import('../client/wire.js').Browse} Search */
/** @typedef {import('../client/wire.js').FacetRequest} FacetRequest */

export const PER_PAGE = 24;
/** The API's bound of `page` times `per_page`. */
const MAX_RANK = 10_000;
/** Values of a facet that are asked for: all that a person would look through. */
const MAX_VALUES = 100;

/** @param {number} total @returns {number} */
export function pagesOf(total) {
  return Math.max(1, Math.ceil(Math.min(total, MAX_RANK - (MAX_RANK % PER_PAGE)) / PER_PAGE));
}

/**
 * The search for a page of results, with its facets.
 *
 * @param {State} state
 * @param {{ isUnfinished: boolean, attributes: readonly string[] }} options `isUnfinished`: the last word may
 *   be the beginning of one; `attributes`: facets besides the usual ones
 * @returns {Search}
 */
export function searchOf(state, { isUnfinished, attributes }) {
  const { sort } = SORTS[/** @type {keyof typeof SORTS} */ (state.sort)];
  const query = state.query.trim();
  const filter = filterOf(state);
  return {
    ...(query === ''
      ? { browse: /** @type {const} */ (true) }
      : { query, highlight: ['title', 'description'] }),
    ...(query !== '' && isUnfinished ? { prefix: true } : {}),
    ...(query !== '' && state.literal ? { understand: false } : {}),
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined
      ? {}
      : { sort: [/** @type {import('../client/wire.js').SortKey} */ (sort)] }),
    fields: [...CARD_FIELDS, 'attributes'],
    facets: [...usualFacets(state), ...attributes.map(facetOf)],
    page: Math.min(state.page, pagesOf(MAX_RANK)),
    per_page: PER_PAGE,
  };
}

/** @param {string} name of an attribute @returns {FacetRequest} */
export function facetOf(name) {
  return { field: `attributes.${name}`, limit: MAX_VALUES, disjunctive: true };
}

/** @param {State} state @returns {FacetRequest[]} */
function usualFacets(state) {
  return [
    levelFacet(state),
    { field: 'category', limit: MAX_VALUES, disjunctive: true },
    { field: 'brand', limit: MAX_VALUES, disjunctive: true },
    { field: 'price', limit: 1, disjunctive: true },
    { field: 'in_stock', limit: 2, disjunctive: true },
  ];
}

/** Of a hierarchy the level below the one that was chosen. @param {State} state @returns {FacetRequest} */
function levelFacet(state) {
  const { level, path } = levelOf(state);
  const prefix = path === undefined ? {} : { prefix: `${path} > ` };
  return { field: `categories.lvl${level}`, limit: MAX_VALUES, ...prefix };
}

/**
 * Where in the hierarchy of categories the shopper is.
 *
 * @param {State} state
 * @returns {{ level: number, path: string | undefined }} the level that can be chosen from, below `path`
 */
export function levelOf({ chosen }) {
  for (let level = 9; level >= 0; level--) {
    const [path] = chosen[`categories.lvl${level}`] ?? [];
    if (path !== undefined) return { level: level + 1, path: String(path) };
  }
  return { level: 0, path: undefined };
}
