// @ts-check
import { element } from './dom.js';
import { textOf } from './wire.js';

const PLACEHOLDER = '/web/placeholder.svg';

/**
 * An address from a product that is safe to follow: http, https or a path of this server.
 *
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function safeAddress(value) {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const absolute = /^https?:\/\//i.test(text);
  // `//host` and `/\host` look like a path and are another server.
  if (!absolute && !/^\/(?![/\\])/.test(text)) return undefined;
  try {
    const url = new URL(text, location.origin);
    return absolute || url.origin === location.origin ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A product's picture, or a neutral drawing when it has none or it cannot be loaded. Decorative: the
 * title stands beside it.
 *
 * @param {unknown} imageUrl
 * @param {{ eager: boolean }} options `eager`: it is in the first rows, so load it at once
 * @returns {HTMLElement}
 */
export function picture(imageUrl, { eager }) {
  const image = element('img', '');
  image.alt = '';
  image.width = 240;
  image.height = 240;
  image.decoding = 'async';
  image.loading = eager ? 'eager' : 'lazy';
  image.referrerPolicy = 'no-referrer';
  const frame = element('div', 'picture', image);
  const replace = () => {
    image.src = PLACEHOLDER;
    frame.classList.add('picture-none');
  };
  image.addEventListener('error', replace, { once: true });
  const address = safeAddress(imageUrl);
  if (address === undefined) replace();
  else image.src = address;
  return frame;
}
