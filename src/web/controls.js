// @ts-check
import { ChosenRow } from './chosen-row.js';
import { byId, element } from './dom.js';
import { FacetPanel } from './facet-panel.js';
import { FilterDrawer } from './filter-drawer.js';
import { safeAddress } from './picture.js';
import { filterCount, SORTS } from './state.js';
import { SuggestionList } from './suggestions.js';

/** @typedef {import('./state.js').State} State */

/** The search box, sort and filters. They write into a state and are written from one. */
export class Controls {
  /**
   * @param {object} handlers
   * @param {() => State} handlers.state
   * @param {(change: Partial<State>) => void} handlers.onType a change while typing
   * @param {(change: Partial<State>) => void} handlers.onSet a finished change
   * @param {(query: string) => void} handlers.onSend a query is finished
   */
  constructor({ state, onType, onSet, onSend }) {
    this.box = byId('query', HTMLInputElement);
    this.sort = byId('sort', HTMLSelectElement);
    this.panel = new FacetPanel(byId('facets', HTMLElement), { state, onSet });
    this.drawer = new FilterDrawer();
    this.chosen = new ChosenRow(byId('chosen', HTMLElement), (change) => {
      onSet(change);
      this.box.focus();
    });
    this.suggestions = new SuggestionList({
      box: this.box,
      list: byId('suggestions', HTMLElement),
      tenant: () => state().tenant,
      onQuery: onSend,
      onCategory: (category) => onSet({ query: '', chosen: { category: [category] } }),
      onProduct: (id) => onSet({ product: id }),
    });
    this.box.addEventListener('input', () => onType({ query: this.box.value }));
    this.sort.append(
      ...Object.entries(SORTS).map(([key, { label }]) => {
        const option = element('option', '', label);
        option.value = key;
        return option;
      }),
    );
    this.sort.addEventListener('change', () => onSet({ sort: this.sort.value }));
    byId('search', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.suggestions.close();
      onSend(this.box.value);
    });
  }

  /** @param {State} state */
  show(state) {
    if (this.box.value.trim() !== state.query.trim()) this.box.value = state.query;
    this.sort.value = state.sort;
    this.chosen.show(state);
    this.drawer.showChosen(filterCount(state));
  }

  /** @param {number} total */
  showTotal(total) {
    this.drawer.showTotal(total);
  }

  /** Goes where a rule leads, if that is safe. @param {string} redirect @returns {boolean} */
  follow(redirect) {
    const address = safeAddress(redirect);
    if (address === undefined) return false;
    location.assign(address);
    return true;
  }
}
