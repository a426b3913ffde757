// @ts-check
import { button, element } from './dom.js';
import { shownPrice, shownValue } from './scalar.js';
import { hasFilters, NO_FILTERS, withValues } from './state.js';

/** @typedef {import('./state.js').State} State */

/** The filters that are on, each with a way to take it off. */
export class ChosenRow {
  /** @param {HTMLElement} root @param {(change: Partial<State>) => void} onSet */
  constructor(root, onSet) {
    this.root = root;
    this.onSet = onSet;
  }

  /** @param {State} state */
  show(state) {
    const { chosen, min, max, inStock } = state;
    const values = Object.entries(chosen).flatMap(([field, list]) =>
      list.map((value) => {
        const others = list.filter((other) => other !== value);
        const name = labelOf(field);
        const text = name === undefined ? shownValue(value) : `${name}: ${shownValue(value)}`;
        return this.chip(text, { chosen: withValues(state, field, others) });
      }),
    );
    const chips = [
      ...values,
      ...(min === undefined && max === undefined
        ? []
        : [this.chip(`Price ${rangeText(min, max)}`, { min: undefined, max: undefined })]),
      ...(inStock ? [this.chip('In stock', { inStock: false })] : []),
    ];
    const clear = button('quiet', 'Clear filters', () => this.onSet(NO_FILTERS));
    this.root.replaceChildren(...chips, ...(chips.length > 0 ? [clear] : []));
    this.root.hidden = !hasFilters(state);
  }

  /** @param {string} text @param {Partial<State>} without */
  chip(text, without) {
    const chip = button('chip', '', () => this.onSet(without));
    chip.setAttribute('aria-label', `Remove the filter ${text}`);
    const cross = element('span', 'chip-off', '×');
    cross.setAttribute('aria-hidden', 'true');
    chip.append(element('span', 'chip-text', text), ' ', cross);
    return chip;
  }
}

/** @param {string} field @returns {string | undefined} an attribute's name: others speak for themselves */
function labelOf(field) {
  return field.startsWith('attributes.') ? field.slice('attributes.'.length) : undefined;
}

/** @param {number | undefined} min @param {number | undefined} max @returns {string} */
function rangeText(min, max) {
  if (min === undefined) return `up to ${shownPrice(max ?? 0)}`;
  return max === undefined ? `from ${shownPrice(min)}` : `${shownPrice(min)} to ${shownPrice(max)}`;
}
