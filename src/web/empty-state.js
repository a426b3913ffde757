// @ts-check
import { button, byId, element } from './dom.js';
import { quoted } from './messages.js';

/**
 * What an empty answer was an answer to.
 *
 * @typedef {object} Asked
 * @property {string} query
 * @property {boolean} hasFilters
 * @property {boolean} isUnderstood words of the query became filters
 */

/** Says that nothing fits, and what may help. */
export class EmptyState {
  /** @param {{ onClearFilters: () => void, onLiteral: () => void, onStart: () => void }} handlers */
  constructor(handlers) {
    this.root = byId('empty', HTMLElement);
    this.handlers = handlers;
  }

  hide() {
    this.root.hidden = true;
  }

  /** @param {Asked} asked */
  show({ query, hasFilters, isUnderstood }) {
    const { onClearFilters, onLiteral, onStart } = this.handlers;
    const ways = [
      ...(hasFilters ? [button('quiet', 'Search without filters', onClearFilters)] : []),
      ...(isUnderstood ? [button('quiet', 'Take my words as they are', onLiteral)] : []),
      ...(query === '' ? [] : [button('quiet', 'Look around the shop', onStart)]),
    ];
    this.root.replaceChildren(
      element('h3', '', headingOf(query, hasFilters)),
      element('p', '', adviceOf(query, hasFilters)),
      element('div', 'empty-ways', ...ways),
    );
    this.root.hidden = false;
  }
}

/** @param {string} query @param {boolean} hasFilters @returns {string} */
function headingOf(query, hasFilters) {
  if (query === '') return hasFilters ? 'No product passes these filters' : 'Nothing here yet';
  return `Nothing in this shop fits ${quoted(query)}`;
}

/** @param {string} query @param {boolean} hasFilters @returns {string} */
function adviceOf(query, hasFilters) {
  if (hasFilters) return 'Try a wider price, another category, or no filter at all.';
  if (query === '') return 'This shop has no products yet.';
  return 'Try fewer or other words, or look at how they are spelt.';
}
