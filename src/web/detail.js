// @ts-check
import { request } from './api.js';
import { button, element } from './dom.js';
import { priceAndStock } from './hit-card.js';
import { errorText } from './messages.js';
import { picture, safeAddress } from './picture.js';
import { plainText } from './plain-text.js';
import { isObject, textOf } from './wire.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./wire.js').Product} Product */

const MAX_DESCRIPTION_CHARACTERS = 2_000;
const MAX_ATTRIBUTES = 40;
/** From five digits on: a year or a model number is not 2,016. */
const GROUPED = /** @type {const} */ ({ useGrouping: 'min2', maximumFractionDigits: 6 });

/** One product, larger: shown from the hit at once, completed from the store. */
export class Detail {
  /** @param {HTMLDialogElement} dialog @param {import('./page-history.js').PageHistory} pages */
  constructor(dialog, pages) {
    this.dialog = dialog;
    this.pages = pages;
    /** @type {AbortController | undefined} */
    this.loading = undefined;
    dialog.addEventListener('close', () => this.loading?.abort());
    // The dialog has no padding of its own, so a click on it is a click beside its content.
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  /** @param {Hit} hit @param {string | undefined} tenant @returns {Promise<void>} */
  async open(hit, tenant) {
    const loading = new AbortController();
    this.loading = loading;
    this.draw(hit, hit.product, element('p', 'quiet-text', 'Loading…'));
    this.dialog.showModal();
    this.pages.pushDialog();
    try {
      const path = `/products/${encodeURIComponent(hit.id)}`;
      const product = await request(path, { tenant, signal: loading.signal });
      if (isObject(product)) this.draw(hit, product, factsOf(product));
    } catch (error) {
      if (loading.signal.aborted) return;
      this.draw(hit, hit.product, element('p', 'quiet-text', errorText(error).text));
    }
  }

  /** @param {Hit} hit @param {Product} product @param {Node} rest */
  draw(hit, product, rest) {
    const title = element('h2', '', textOf(product.title) ?? hit.id);
    title.id = 'detail-title';
    const above = [textOf(product.brand), textOf(product.category)].filter(
      (text) => text !== undefined,
    );
    const side = element(
      'div',
      'detail-text',
      element('p', 'card-brand', above.join(' · ')),
      title,
      priceAndStock(product),
      rest,
      element('p', 'quiet-text', `${hit.id} · score ${Number(hit.score).toFixed(3)}`),
    );
    const close = button('detail-close', '×', () => this.dialog.close());
    close.setAttribute('aria-label', 'Close');
    const body = element(
      'div',
      'detail-body',
      picture(product.image_url, { eager: true }),
      side,
      close,
    );
    this.dialog.replaceChildren(body);
    close.focus();
  }
}

/** @param {Product} product @returns {Node} */
function factsOf(product) {
  const facts = element('div', '');
  const description = textOf(product.description);
  if (description !== undefined) {
    facts.append(
      element('p', 'description', plainText(description).slice(0, MAX_DESCRIPTION_CHARACTERS)),
    );
  }
  const attributes = isObject(product.attributes) ? Object.entries(product.attributes) : [];
  if (attributes.length > 0) {
    const rows = attributes
      .slice(0, MAX_ATTRIBUTES)
      .flatMap(([name, value]) => [element('dt', '', name), element('dd', '', valueText(value))]);
    facts.append(element('dl', 'attributes', ...rows));
  }
  const address = safeAddress(product.url);
  if (address !== undefined) {
    const link = element('a', 'detail-link', 'Product page');
    link.href = address;
    link.rel = 'noopener noreferrer';
    facts.append(link);
  }
  return facts;
}

/** @param {unknown} value @returns {string} */
function valueText(value) {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'number' ? value.toLocaleString(undefined, GROUPED) : String(value);
}
