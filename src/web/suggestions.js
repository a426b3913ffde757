// @ts-check
import { element } from './dom.js';
import { picture } from './picture.js';
import { Extra, shop } from './shop.js';
import { textOf } from './wire.js';

/** @typedef {import('./wire.js').Suggestions} Reply */

/** Quiet time after a keystroke before suggestions are asked for. */
const DEBOUNCE_MS = 60;
const SHOWN = 5;
const SHOWN_PRODUCTS = 3;
const TIMEOUT_MS = 2_000;

/**
 * What the beginning of a query may become, in a list under the search box: a combobox as ARIA describes it.
 * Without the route the box is an ordinary one.
 */
export class SuggestionList {
  /**
   * @param {object} parts
   * @param {HTMLInputElement} parts.box
   * @param {HTMLElement} parts.list
   * @param {() => string | undefined} parts.tenant
   * @param {(query: string) => void} parts.onQuery
   * @param {(category: string) => void} parts.onCategory
   * @param {(id: string) => void} parts.onProduct
   */
  constructor({ box, list, tenant, onQuery, onCategory, onProduct }) {
    this.box = box;
    this.list = list;
    this.tenant = tenant;
    this.choose = { query: onQuery, category: onCategory, product: onProduct };
    this.route = new Extra();
    this.active = -1;
    /** @type {AbortController | undefined} */
    this.asking = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    box.addEventListener('input', () => this.askSoon());
    box.addEventListener('keydown', (event) => {
      if (!event.isComposing && this.handle(event.key)) event.preventDefault();
    });
    box.addEventListener('blur', () => this.close());
    // The box keeps the focus while something is chosen with the mouse.
    list.addEventListener('mousedown', (event) => event.preventDefault());
  }

  askSoon() {
    this.stopAsking();
    const text = this.box.value.trim();
    if (text === '' || this.route.isAbsent) return this.close();
    this.timer = setTimeout(() => void this.ask(text), DEBOUNCE_MS);
  }

  /** @param {string} text */
  async ask(text) {
    const asking = new AbortController();
    this.asking = asking;
    const options = { tenant: this.tenant(), signal: asking.signal, timeoutMs: TIMEOUT_MS };
    const reply = await this.route.get(
      () =>
        /** @type {Promise<Reply>} */ (
          shop.suggest(text.slice(0, 256), { limit: SHOWN, ...options })
        ),
    );
    if (asking.signal.aborted || document.activeElement !== this.box) return;
    if (reply === undefined) this.close();
    else this.draw(text, reply);
  }

  /** @param {string} typed @param {Reply} reply */
  draw(typed, { queries, categories, products }) {
    const others = queries.filter(({ text }) => text !== typed);
    const options = [
      ...others
        .slice(0, SHOWN)
        .map(({ text }) => this.option('query', text, [completed(text, typed)])),
      ...categories
        .slice(0, SHOWN_PRODUCTS)
        .map(({ category, count }) =>
          this.option('category', category, [
            element('span', '', category),
            element('span', 'suggestion-kind', `category, ${count.toLocaleString()}`),
          ]),
        ),
      ...products
        .slice(0, SHOWN_PRODUCTS)
        .map(({ id, product }) =>
          this.option('product', id, [
            picture(product.image_url, { eager: true }),
            element('span', '', textOf(product.title) ?? id),
          ]),
        ),
    ];
    options.forEach((option, at) => (option.id = `suggestion-${at}`));
    this.list.replaceChildren(...options);
    this.setActive(-1);
    this.setOpen(options.length > 0);
  }

  /** @param {'query' | 'category' | 'product'} kind @param {string} value @param {Node[]} content */
  option(kind, value, content) {
    const option = element('li', `suggestion suggestion-${kind}`, ...content);
    option.setAttribute('role', 'option');
    option.setAttribute('aria-selected', 'false');
    option.dataset.text = kind === 'query' ? value : '';
    option.addEventListener('click', () => {
      this.close();
      this.choose[kind](value);
    });
    return option;
  }

  /** @param {string} key @returns {boolean} whether the key was for the list */
  handle(key) {
    if (this.list.hidden) return false;
    const count = this.list.children.length;
    switch (key) {
      case 'ArrowDown':
        this.stopAsking();
        this.setActive(this.active + 1 >= count ? -1 : this.active + 1);
        return true;
      case 'ArrowUp':
        this.stopAsking();
        this.setActive(this.active < 0 ? count - 1 : this.active - 1);
        return true;
      case 'Escape':
        this.close();
        return true;
      case 'Enter': {
        const option = this.list.children[this.active];
        this.close();
        if (!(option instanceof HTMLElement)) return false;
        option.click();
        return true;
      }
      default:
        return false;
    }
  }

  /** @param {number} at -1: none */
  setActive(at) {
    this.active = at;
    [...this.list.children].forEach((option, index) => {
      option.setAttribute('aria-selected', String(index === at));
      if (index === at) option.scrollIntoView({ block: 'nearest' });
    });
    if (at < 0) this.box.removeAttribute('aria-activedescendant');
    else this.box.setAttribute('aria-activedescendant', `suggestion-${at}`);
  }

  /** Who goes through the list, or closes it, keeps what is shown: a late reply must not take its place. */
  stopAsking() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  close() {
    this.stopAsking();
    this.setActive(-1);
    this.setOpen(false);
  }

  /** @param {boolean} isOpen */
  setOpen(isOpen) {
    this.list.hidden = !isOpen;
    this.box.setAttribute('aria-expanded', String(isOpen));
  }
}

/** What was not typed yet stands out. @param {string} text @param {string} typed @returns {HTMLElement} */
function completed(text, typed) {
  const isBeginning = text.toLowerCase().startsWith(typed.toLowerCase());
  const kept = isBeginning ? text.slice(0, typed.length) : '';
  return element('span', '', kept, element('b', '', text.slice(kept.length)));
}
