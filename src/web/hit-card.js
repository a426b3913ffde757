// @ts-check
import { element } from './dom.js';
import { markedText } from './marked.js';
import { picture } from './picture.js';
import { shownPrice } from './scalar.js';
import { textOf } from './wire.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./wire.js').Product} Product */

/** The fields of a product that a card shows. */
export const CARD_FIELDS = ['title', 'brand', 'category', 'price', 'in_stock', 'image_url'];

/**
 * A hit as an item of the list. Its title is a link that covers the card.
 *
 * @param {Hit} hit
 * @param {{ eager: boolean, address: string, onOpen: (hit: Hit) => void }} options
 * @returns {HTMLLIElement}
 */
export function hitCard(hit, { eager, address, onOpen }) {
  const { product } = hit;
  const open = element('a', 'card-open', ...titleOf(hit));
  open.href = address;
  open.addEventListener('click', (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(hit);
  });
  const card = element(
    'li',
    'card',
    picture(product.image_url, { eager }),
    element('p', 'card-brand', aboveTitle(product)),
    element('h3', 'card-title', open),
    ...snippetOf(hit),
    priceAndStock(product),
  );
  card.title = `score ${Number(hit.score).toFixed(3)}`;
  return card;
}

/** @param {Product} product @returns {string} brand and category */
export function aboveTitle(product) {
  const texts = [textOf(product.brand), textOf(product.category)];
  return texts.filter((text) => text !== undefined).join(' · ');
}

/** @param {Hit} hit @returns {(string | Node)[]} */
function titleOf({ id, product, highlight }) {
  const marked = textOf(highlight?.title);
  return marked === undefined ? [textOf(product.title) ?? id] : markedText(marked);
}

/** Where the description has words of the query that the title lacks. @param {Hit} hit @returns {Node[]} */
function snippetOf({ highlight }) {
  const marked = textOf(highlight?.description);
  if (marked === undefined || !marked.includes('<mark>')) return [];
  if (highlight?.title?.includes('<mark>')) return [];
  return [element('p', 'card-snippet', ...markedText(marked))];
}

/** @param {Product} product @returns {HTMLElement} */
export function priceAndStock(product) {
  const row = element('p', 'card-foot');
  if (typeof product.price === 'number') {
    row.append(element('span', 'price-tag', shownPrice(product.price)));
  } else {
    row.append(element('span', 'price-none', 'No price'));
  }
  if (product.in_stock === true) row.append(element('span', 'stock stock-yes', 'In stock'));
  if (product.in_stock === false) row.append(element('span', 'stock stock-no', 'Sold out'));
  return row;
}
