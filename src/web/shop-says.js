// @ts-check
import { element } from './dom.js';
import { safeAddress } from './picture.js';
import { isObject, textOf } from './wire.js';

/** @typedef {import('./wire.js').SearchReply} SearchReply */

/**
 * What the shop says besides its hits: warnings about the request, an address that a rule sends to, and
 * banners of rules (`data` with `title`, `text` and `url`).
 *
 * @param {HTMLElement} root
 * @param {SearchReply} reply
 */
export function drawSay(root, { warnings = [], redirect, data = [] }) {
  const lines = [
    ...data.flatMap((entry) => banner(entry)),
    ...(redirect === undefined ? [] : link('This may be what you want: ', redirect, redirect)),
    // What this page asks for by itself is not the shopper's doing.
    ...warnings
      .filter(({ field }) => !/^(facets|sort|fields|highlight)/.test(field))
      .map(({ message }) => element('p', 'say say-warning', message)),
  ];
  root.replaceChildren(...lines);
  root.hidden = lines.length === 0;
}

/** @param {unknown} data @returns {HTMLElement[]} */
function banner(data) {
  if (!isObject(data)) return [];
  const [title, text] = [textOf(data.title), textOf(data.text)];
  if (title === undefined && text === undefined) return [];
  const box = element('div', 'say say-banner');
  if (title !== undefined) box.append(element('b', '', title));
  if (text !== undefined) box.append(element('p', '', text));
  const address = textOf(data.url);
  if (address !== undefined) box.append(...link('', address, 'See more'));
  return [box];
}

/** @param {string} before @param {string} to @param {string} text @returns {HTMLElement[]} */
function link(before, to, text) {
  const address = safeAddress(to);
  if (address === undefined) return [];
  const anchor = element('a', 'product-link', text);
  anchor.href = address;
  return [element('p', 'say', before, anchor)];
}
