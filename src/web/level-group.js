// @ts-check
import { button, element } from './dom.js';
import { shownCount } from './scalar.js';
import { levelOf } from './search-request.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./wire.js').Facets} Facets */

const SEPARATOR = ' > ';

/** Categories within categories: the way to where the shopper is, and what is one step further in. */
export class LevelGroup {
  /** @param {(field: string | undefined, path: string) => void} onGo without a field: to the top */
  constructor(onGo) {
    this.onGo = onGo;
    this.way = element('ol', 'levels-way');
    this.list = element('ul', 'facet-values');
    this.list.setAttribute('aria-label', 'Categories');
    const body = element('div', 'facet-body', this.way, this.list);
    this.root = element('details', 'facet', element('summary', '', 'Category'), body);
    this.root.open = true;
    this.root.hidden = true;
    this.root.dataset.field = 'categories';
  }

  /** @param {State} state @param {Facets} facets @returns {boolean} whether the shop has such categories */
  show(state, facets) {
    const { level, path } = levelOf(state);
    const values = facets[`categories.lvl${level}`]?.values ?? [];
    this.root.hidden = values.length === 0 && path === undefined;
    const names = path?.split(SEPARATOR) ?? [];
    const steps = names.map((name, at) =>
      element('li', '', this.step(name, at, names.slice(0, at + 1).join(SEPARATOR), names.length)),
    );
    const all = button('link', 'All', () => this.onGo(undefined, ''));
    this.way.replaceChildren(element('li', '', all), ...steps);
    this.way.hidden = path === undefined;
    this.list.replaceChildren(
      ...values.map(({ value, count }) => {
        const full = String(value);
        const name = full.split(SEPARATOR).at(-1) ?? full;
        const go = button('level', name, () => this.onGo(`categories.lvl${level}`, full));
        go.append(' ', element('span', 'facet-count', shownCount(count)));
        return element('li', '', go);
      }),
    );
    return !this.root.hidden;
  }

  /** @param {string} name @param {number} at @param {string} path @param {number} steps */
  step(name, at, path, steps) {
    if (at < steps - 1) return button('link', name, () => this.onGo(`categories.lvl${at}`, path));
    const here = element('b', '', name);
    here.setAttribute('aria-current', 'true');
    return here;
  }
}
