// @ts-check
import { button, element } from './dom.js';
import { shownCount, shownValue } from './scalar.js';

/** @typedef {import('./wire.js').Scalar} Scalar */
/** @typedef {import('./wire.js').Facet} Facet */
/** @typedef {{ value: Scalar, count: number }} Counted */

/** Values shown before "Show all". */
const FIRST = 7;
/** With so many values, finding one by name helps. */
const MANY = 15;

let groups = 0;

/** The values of one facet as boxes to tick, with what each would give. */
export class FacetGroup {
  /**
   * @param {object} options
   * @param {string} options.field
   * @param {string} options.label
   * @param {(value: Scalar, isOn: boolean) => void} options.onToggle
   */
  constructor({ field, label, onToggle }) {
    this.onToggle = onToggle;
    this.list = element('ul', 'facet-values');
    this.list.id = `facet-${(groups += 1)}`;
    this.find = element('input', 'facet-find');
    this.find.type = 'text';
    this.find.placeholder = 'Find…';
    this.find.setAttribute('aria-label', `Find in ${label}`);
    this.find.addEventListener('input', () => this.draw());
    this.more = button('link facet-more', 'Show all', () => this.unfold());
    this.more.setAttribute('aria-controls', this.list.id);
    const body = element('div', 'facet-body', this.find, this.list, this.more);
    this.list.setAttribute('aria-label', label);
    this.root = element('details', 'facet', element('summary', '', label), body);
    this.root.open = true;
    this.root.hidden = true;
    this.root.dataset.field = field;
    this.isUnfolded = false;
    /** @type {readonly Counted[]} */
    this.values = [];
    /** @type {readonly Scalar[]} */
    this.chosen = [];
  }

  /** @param {Facet | undefined} facet @param {readonly Scalar[]} chosen */
  show(facet, chosen) {
    const counted = facet?.values ?? [];
    const gone = chosen.filter((value) => !counted.some((other) => other.value === value));
    this.values = [...gone.map((value) => ({ value, count: 0 })), ...counted];
    this.chosen = chosen;
    this.root.hidden =
      this.values.length === 0 || (this.values.length === 1 && chosen.length === 0);
    this.draw();
  }

  draw() {
    const focused = this.list.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.value
      : undefined;
    const isMany = this.values.length >= MANY;
    const wanted = isMany ? this.find.value.trim().toLowerCase() : '';
    const found = this.values.filter(({ value }) =>
      shownValue(value).toLowerCase().includes(wanted),
    );
    const first = new Set(found.slice(0, FIRST));
    // What is chosen shows wherever it stands.
    const shown =
      this.isUnfolded || wanted !== ''
        ? found
        : found.filter((entry) => first.has(entry) || this.chosen.includes(entry.value));
    this.list.replaceChildren(...shown.map((entry) => this.item(entry)));
    this.find.hidden = !isMany;
    const hidden = found.length - shown.length;
    this.more.hidden = hidden === 0 && !(this.isUnfolded && found.length > FIRST);
    this.more.textContent = hidden > 0 ? `Show all ${found.length.toLocaleString()}` : 'Show fewer';
    this.more.setAttribute('aria-expanded', String(this.isUnfolded));
    if (focused !== undefined) this.focus(focused);
  }

  /** @param {Counted} counted */
  item({ value, count }) {
    const box = element('input', '');
    box.type = 'checkbox';
    box.checked = this.chosen.includes(value);
    box.dataset.value = JSON.stringify(value);
    box.addEventListener('change', () => this.onToggle(value, box.checked));
    const name = element('span', 'facet-name', shownValue(value));
    const label = element(
      'label',
      '',
      box,
      name,
      element('span', 'facet-count', shownCount(count)),
    );
    return element('li', count === 0 && !box.checked ? 'facet-none' : '', label);
  }

  unfold() {
    this.isUnfolded = !this.isUnfolded;
    this.draw();
  }

  /** @param {string} value */
  focus(value) {
    const boxes = [...this.list.querySelectorAll('input')];
    boxes.find((box) => box.dataset.value === value)?.focus();
  }
}
