// @ts-check
import { Chips } from './chips.js';
import { byId } from './dom.js';
import { hasFilters, NO_FILTERS, priceOf } from './state.js';

/** @typedef {import('./state.js').State} State */

/** The search box and the filters. They write into a state and are written from one. */
export class Controls {
  /**
   * @param {object} handlers
   * @param {() => State} handlers.state
   * @param {(change: Partial<State>) => void} handlers.onType a change while typing
   * @param {(change: Partial<State>) => void} handlers.onSet a finished change
   */
  constructor({ state, onType, onSet }) {
    this.box = byId('query', HTMLInputElement);
    this.min = byId('min', HTMLInputElement);
    this.max = byId('max', HTMLInputElement);
    this.stock = byId('stock', HTMLInputElement);
    this.reset = byId('reset', HTMLButtonElement);
    this.chips = new Chips(byId('chips', HTMLElement), (name) => {
      const { categories } = state();
      const without = categories.filter((other) => other !== name);
      onSet({
        categories: without.length < categories.length ? without : [...categories, name],
      });
    });

    this.box.addEventListener('input', () => onType({ query: this.box.value }));
    for (const field of [this.min, this.max]) {
      field.addEventListener('input', () => {
        this.markPrices();
        onType({ min: priceOf(this.min.value), max: priceOf(this.max.value) });
      });
    }
    this.stock.addEventListener('change', () => onSet({ inStock: this.stock.checked }));
    this.reset.addEventListener('click', () => {
      onSet(NO_FILTERS);
      this.box.focus();
    });
    byId('search', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      onSet({ query: this.box.value });
    });
  }

  /**
   * Shows `state`; a field that already means the same is left alone ("1." while typing 1.5).
   *
   * @param {State} state
   */
  show(state) {
    if (this.box.value.trim() !== state.query.trim()) this.box.value = state.query;
    setPrice(this.min, state.min);
    setPrice(this.max, state.max);
    this.stock.checked = state.inStock;
    this.reset.hidden = !hasFilters(state);
    this.chips.setChosen(state.categories);
    this.markPrices();
  }

  /** A lowest price above the highest finds nothing: say so where it was typed. */
  markPrices() {
    const min = priceOf(this.min.value);
    const max = priceOf(this.max.value);
    const crossed = min !== undefined && max !== undefined && min > max;
    for (const field of [this.min, this.max]) field.setAttribute('aria-invalid', String(crossed));
  }
}

/** @param {HTMLInputElement} field @param {number | undefined} price */
function setPrice(field, price) {
  const typed = field === document.activeElement && field.value === '';
  if (priceOf(field.value) === price && (price !== undefined || typed)) return;
  field.value = price === undefined ? '' : String(price);
}
