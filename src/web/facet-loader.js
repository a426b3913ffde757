// @ts-check
import { tellingAttributes } from './attributes.js';
import { facetOf, searchOf } from './search-request.js';
import { shop } from './shop.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./wire.js').Facets} Facets */
/** @typedef {import('./wire.js').SearchReply} SearchReply */

/** Quiet time after an answer before the attributes of its hits are counted: not at every letter typed. */
const PAUSE_MS = 80;

/**
 * The facets of an answer: the usual ones came with it; which attributes tell its products apart is known
 * only now, and their counts are asked for besides.
 */
export class FacetLoader {
  /** @param {(facets: Facets, attributes: readonly string[]) => void} onFacets */
  constructor(onFacets) {
    this.onFacets = onFacets;
    /** @type {Facets} */
    this.shown = {};
    /** @type {AbortController | undefined} */
    this.asking = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {SearchReply} reply @param {State} state @param {boolean} isUnfinished */
  load(reply, state, isUnfinished) {
    clearTimeout(this.timer);
    this.asking?.abort();
    const isWhole = reply.partial === null;
    const facets = isWhole ? (reply.facets ?? {}) : uncounted({ ...this.shown, ...reply.facets });
    const names = tellingAttributes(reply.hits, state);
    const missing = names.filter((name) => facets[`attributes.${name}`] === undefined);
    this.show(facets, names);
    if (missing.length === 0 || !isWhole || reply.facets === undefined) return;
    this.timer = setTimeout(
      () => void this.ask(facets, names, missing, state, isUnfinished),
      PAUSE_MS,
    );
  }

  /**
   * @param {Facets} facets
   * @param {readonly string[]} names
   * @param {readonly string[]} missing
   * @param {State} state
   * @param {boolean} isUnfinished
   */
  async ask(facets, names, missing, state, isUnfinished) {
    const asking = new AbortController();
    this.asking = asking;
    const { signal } = asking;
    const {
      highlight: _,
      sort: __,
      ...search
    } = /** @type {import('../client/wire.js').TextSearch} */ (
      searchOf(state, { isUnfinished, attributes: [] })
    );
    const counts = { facets: missing.map(facetOf), page: 1, per_page: 0, fields: [] };
    try {
      const reply = await shop.search({ ...search, ...counts }, { tenant: state.tenant, signal });
      // An incomplete count would be a wrong number.
      if (signal.aborted || reply.partial !== null) return;
      this.show({ ...facets, ...reply.facets }, names);
    } catch {
      // The products are there; these facets are extras.
    }
  }

  /** @param {Facets} facets @param {readonly string[]} names */
  show(facets, names) {
    this.shown = facets;
    this.onFacets(facets, names);
  }
}

/**
 * What can be chosen, without counts: in an incomplete answer they would be wrong.
 *
 * @param {Facets} facets
 * @returns {Facets}
 */
function uncounted(facets) {
  return Object.fromEntries(
    Object.entries(facets).map(([field, { values, ...rest }]) => [
      field,
      { ...rest, values: values.map((one) => ({ ...one, count: Number.NaN })) },
    ]),
  );
}
