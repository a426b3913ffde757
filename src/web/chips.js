// @ts-check
import { button, element } from './dom.js';

/** @typedef {import('./wire.js').Category} Category */

/** Chips shown before "More": about two lines on a desktop. */
const FIRST_CHIPS = 14;
/** A catalogue can have thousands of categories; the largest are enough to click on. */
const MAX_CHIPS = 60;

/** The row of categories. Chosen ones always show, also when the catalogue does not list them. */
export class Chips {
  /**
   * @param {HTMLElement} root
   * @param {(category: string) => void} onToggle
   */
  constructor(root, onToggle) {
    this.root = root;
    this.onToggle = onToggle;
    /** @type {readonly Category[]} */
    this.categories = [];
    /** @type {readonly string[]} */
    this.chosen = [];
    this.unfolded = false;
  }

  /** @param {readonly Category[]} categories largest first */
  setCategories(categories) {
    this.categories = categories;
    this.draw();
  }

  /** @param {readonly string[]} chosen */
  setChosen(chosen) {
    if (chosen.join('\n') === this.chosen.join('\n')) return;
    this.chosen = chosen;
    this.draw();
  }

  draw() {
    const focused = this.root.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.chip
      : undefined;
    const limit = this.unfolded ? MAX_CHIPS : FIRST_CHIPS;
    const listed = this.categories.map(({ category }) => category);
    const unlisted = this.chosen
      .filter((name) => !listed.slice(0, limit).includes(name))
      .map((category) => ({ category, products: this.countOf(category) }));
    const shown = [...unlisted, ...this.categories.slice(0, limit)];
    this.root.replaceChildren(...shown.map((category) => this.chip(category)));
    const hidden = Math.min(this.categories.length, MAX_CHIPS) - limit;
    if (hidden > 0) this.root.append(this.unfold(hidden));
    if (focused !== undefined) this.focus(focused);
  }

  /** @param {string} name @returns {number | undefined} */
  countOf(name) {
    return this.categories.find(({ category }) => category === name)?.products;
  }

  /** @param {{ category: string, products: number | undefined }} category */
  chip({ category, products }) {
    const chip = button('chip', category, () => this.onToggle(category));
    chip.dataset.chip = category;
    chip.setAttribute('aria-pressed', String(this.chosen.includes(category)));
    if (products !== undefined) {
      chip.append(' ', element('span', 'chip-count', products.toLocaleString()));
    }
    return chip;
  }

  /** @param {number} hidden */
  unfold(hidden) {
    return button('chip chip-more', `${hidden} more…`, () => {
      this.unfolded = true;
      this.draw();
      this.focus(this.categories[FIRST_CHIPS]?.category ?? '');
    });
  }

  /** @param {string} name */
  focus(name) {
    const chips = /** @type {NodeListOf<HTMLElement>} */ (
      this.root.querySelectorAll('[data-chip]')
    );
    [...chips].find((chip) => chip.dataset.chip === name)?.focus();
  }
}
