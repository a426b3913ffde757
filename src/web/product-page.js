// @ts-check
import { button, byId, element } from './dom.js';
import { aboveTitle, CARD_FIELDS, hitCard, priceAndStock } from './hit-card.js';
import { errorText } from './messages.js';
import { picture, safeAddress } from './picture.js';
import { plainText } from './plain-text.js';
import { shownValue } from './scalar.js';
import { Extra, shop, withKey } from './shop.js';
import { isObject, textOf } from './wire.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./wire.js').Product} Product */
/** @typedef {import('./wire.js').SearchReply} SearchReply */

const MAX_DESCRIPTION_CHARACTERS = 2_000;
const MAX_ATTRIBUTES = 40;
const SIMILAR = 6;

/** One product by itself: from its hit at once, where there is one, completed from the store. */
export class ProductPage {
  /**
   * @param {object} handlers
   * @param {() => void} handlers.onBack to the list
   * @param {(id: string) => string} handlers.addressOf
   * @param {(hit: Hit) => void} handlers.onOpen another product
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.root = byId('product', HTMLElement);
    this.similar = new Extra();
    /** @type {AbortController | undefined} */
    this.loading = undefined;
  }

  hide() {
    this.loading?.abort();
    this.root.hidden = true;
  }

  /**
   * @param {string} id
   * @param {Hit | undefined} hit
   * @param {string | undefined} tenant
   */
  async show(id, hit, tenant) {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    const options = { tenant, signal: loading.signal };
    this.root.hidden = false;
    this.draw(id, hit?.product ?? {}, element('p', 'quiet-text', 'Loading…'), []);
    this.root.querySelector('h1')?.focus();
    try {
      const [product, alike] = await Promise.all([
        withKey(() => /** @type {Promise<Product>} */ (shop.products.get(id, options))),
        this.alike(id, options),
      ]);
      if (loading.signal.aborted) return;
      document.title = `${textOf(product.title) ?? id} – OmniSearch shop`;
      this.draw(id, product, factsOf(product), alike);
    } catch (error) {
      if (loading.signal.aborted) return;
      const { text, detail } = errorText(error);
      const notice = element('p', 'notice notice-error', element('span', 'notice-text', text));
      notice.append(' ', element('span', 'notice-detail', detail));
      this.draw(id, hit?.product ?? {}, notice, []);
    }
    const title = this.root.querySelector('h1');
    if (document.activeElement === document.body) title?.focus();
  }

  /** @param {string} id @param {{ tenant: string | undefined, signal: AbortSignal }} options */
  async alike(id, options) {
    const reply = await this.similar.get(
      () =>
        /** @type {Promise<SearchReply>} */ (
          shop.similar({ id, top_k: SIMILAR, fields: CARD_FIELDS }, options)
        ),
    );
    return reply?.hits ?? [];
  }

  /** @param {string} id @param {Product} product @param {Node} rest @param {readonly Hit[]} alike */
  draw(id, product, rest, alike) {
    const title = element('h1', '', textOf(product.title) ?? id);
    title.tabIndex = -1;
    const side = element(
      'div',
      'product-text',
      element('p', 'card-brand', aboveTitle(product)),
      title,
      priceAndStock(product),
      rest,
      element('p', 'quiet-text', id),
    );
    const { onBack, addressOf, onOpen } = this.handlers;
    const back = button('link product-back', '← Back to the results', onBack);
    const hadFocus = this.root.contains(document.activeElement);
    this.root.replaceChildren(
      back,
      element('div', 'product-body', picture(product.image_url, { eager: true }), side),
    );
    if (hadFocus) title.focus();
    if (alike.length === 0) return;
    const cards = alike.map((hit) =>
      hitCard(hit, { eager: false, address: addressOf(hit.id), onOpen }),
    );
    const list = element('ul', 'grid grid-small', ...cards);
    const section = element('section', 'alike', element('h2', '', 'Similar products'), list);
    this.root.append(section);
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
      .flatMap(([name, value]) => [element('dt', '', name), element('dd', '', shownValue(value))]);
    facts.append(element('dl', 'attributes', ...rows));
  }
  const address = safeAddress(product.url);
  if (address !== undefined) {
    const link = element('a', 'product-link', 'More about this product');
    link.href = address;
    link.rel = 'noopener noreferrer';
    facts.append(link);
  }
  return facts;
}
