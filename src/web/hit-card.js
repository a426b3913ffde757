// @ts-check
import { button, element } from './dom.js';
import { markedText } from './marked.js';
import { picture } from './picture.js';
import { textOf } from './wire.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./wire.js').Product} Product */

/** The fields of a product that a card shows. */
export const CARD_FIELDS = ['title', 'brand', 'category', 'price', 'in_stock', 'image_url'];

// The catalogue says no currency, so a price is a number with two decimals.
const PRICE = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/**
 * A hit as an item of the list. Its title is a button that covers the card.
 *
 * @param {Hit} hit
 * @param {{ eager: boolean, onOpen: (hit: Hit) => void }} options
 * @returns {HTMLLIElement}
 */
export function hitCard(hit, { eager, onOpen }) {
  const { product } = hit;
  const open = button('card-open', textOf(product.title) ?? hit.id, () => onOpen(hit));
  const marked = textOf(hit.highlight?.title);
  if (marked !== undefined) open.replaceChildren(...markedText(marked));
  const above = [textOf(product.brand), textOf(product.category)].filter(
    (text) => text !== undefined,
  );
  const card = element(
    'li',
    'card',
    picture(product.image_url, { eager }),
    element('p', 'card-brand', above.join(' · ')),
    element('h3', 'card-title', open),
    priceAndStock(product),
  );
  card.title = `score ${Number(hit.score).toFixed(3)}`;
  return card;
}

/** @param {Product} product @returns {HTMLElement} */
export function priceAndStock(product) {
  const row = element('p', 'card-foot');
  if (typeof product.price === 'number') {
    row.append(element('span', 'price-tag', PRICE.format(product.price)));
  } else {
    row.append(element('span', 'price-none', 'No price'));
  }
  if (product.in_stock === true) row.append(element('span', 'stock stock-yes', 'In stock'));
  if (product.in_stock === false) row.append(element('span', 'stock stock-no', 'Sold out'));
  return row;
}
