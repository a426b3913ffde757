// @ts-check
/**
 * The shapes this page reads. Everything a product holds is the catalogue's and untrusted: a field may
 * be missing or of any type.
 *
 * @typedef {Record<string, unknown>} Product
 * @typedef {import('../client/wire.js').Hit<Product>} Hit
 * @typedef {import('../client/wire.js').SearchReply<Product>} SearchReply
 * @typedef {import('../client/wire.js').Suggestions<Product>} Suggestions
 * @typedef {import('../client/wire.js').MissingPart} MissingPart
 * @typedef {import('../client/wire.js').Understood} Understood
 * @typedef {import('../client/wire.js').Facet} Facet
 * @typedef {Record<string, Facet>} Facets
 * @typedef {import('../client/wire.js').Scalar} Scalar
 * @typedef {{ category: string, products: number }} Category
 */

/** @param {unknown} value @returns {string | undefined} a text that says something */
export function textOf(value) {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** @param {unknown} value @returns {value is Product} */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
