// @ts-check
import { element } from './dom.js';
import { FacetGroup } from './facet-group.js';
import { LevelGroup } from './level-group.js';
import { PriceSlider } from './price-slider.js';
import { shownCount } from './scalar.js';
import { withValues } from './state.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./wire.js').Facets} Facets */
/** @typedef {import('./wire.js').Scalar} Scalar */

/**
 * Everything to narrow the results by: categories, price, stock, brand and the attributes of what was
 * found. A group without a choice is not shown.
 */
export class FacetPanel {
  /**
   * @param {HTMLElement} root
   * @param {{ state: () => State, onSet: (change: Partial<State>) => void }} handlers
   */
  constructor(root, { state, onSet }) {
    this.state = state;
    this.onSet = onSet;
    this.levels = new LevelGroup((field, path) =>
      onSet({ chosen: withLevel(state(), field, path) }),
    );
    this.price = new PriceSlider((min, max) => onSet({ min, max }));
    this.stock = new StockGroup((inStock) => onSet({ inStock }));
    this.category = this.group('category', 'Category');
    this.brand = this.group('brand', 'Brand');
    /** @type {Map<string, FacetGroup>} */
    this.attributes = new Map();
    this.attributesRoot = element('div', 'facet-groups');
    root.replaceChildren(
      this.levels.root,
      this.category.root,
      this.price.root,
      this.stock.root,
      this.brand.root,
      this.attributesRoot,
    );
  }

  /** @param {Facets} facets of the last answer @param {readonly string[]} attributes their order */
  show(facets, attributes) {
    const state = this.state();
    const hasLevels = this.levels.show(state, facets);
    this.category.show(hasLevels ? undefined : facets.category, state.chosen.category ?? []);
    this.price.show(facets.price, state);
    this.stock.show(facets.in_stock, state.inStock);
    this.brand.show(facets.brand, state.chosen.brand ?? []);
    const groups = attributes.map((name) => {
      const field = `attributes.${name}`;
      const group = this.attributes.get(field) ?? this.group(field, name);
      this.attributes.set(field, group);
      group.show(facets[field], state.chosen[field] ?? []);
      return group.root;
    });
    // Moving an element takes the focus from it: only where they are not there already.
    const shown = [...this.attributesRoot.children];
    if (shown.length !== groups.length || groups.some((group, at) => group !== shown[at])) {
      this.attributesRoot.replaceChildren(...groups);
    }
  }

  /** @param {string} field @param {string} label @returns {FacetGroup} */
  group(field, label) {
    return new FacetGroup({
      field,
      label,
      onToggle: (value, isOn) => {
        const { [field]: values = [] } = this.state().chosen;
        const others = values.filter((other) => other !== value);
        const next = isOn ? [...others, value] : others;
        this.onSet({ chosen: withValues(this.state(), field, next) });
      },
    });
  }
}

/**
 * @param {State} state
 * @param {string | undefined} field
 * @param {string} path
 * @returns {State['chosen']} with that place in the hierarchy instead of another
 */
function withLevel({ chosen }, field, path) {
  const others = Object.entries(chosen).filter(([name]) => !name.startsWith('categories.'));
  return { ...Object.fromEntries(others), ...(field === undefined ? {} : { [field]: [path] }) };
}

/** One switch: only what is in stock. */
class StockGroup {
  /** @param {(inStock: boolean) => void} onSet */
  constructor(onSet) {
    this.box = element('input', '');
    this.box.type = 'checkbox';
    this.box.id = 'stock';
    this.box.setAttribute('role', 'switch');
    this.box.addEventListener('change', () => onSet(this.box.checked));
    this.count = element('span', 'facet-count');
    const label = element('label', 'toggle', this.box, element('span', '', 'In stock'), this.count);
    this.root = element('div', 'facet', label);
    this.root.hidden = true;
  }

  /** @param {import('./wire.js').Facet | undefined} facet @param {boolean} inStock */
  show(facet, inStock) {
    this.box.checked = inStock;
    const counted = facet?.values.find(({ value }) => value === true)?.count;
    this.count.textContent = counted === undefined ? '' : shownCount(counted);
    this.root.hidden = !inStock && (facet?.values.length ?? 0) === 0;
  }
}
