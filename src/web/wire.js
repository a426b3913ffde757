// @ts-check
/**
 * The shapes this page reads from the API. Everything a product holds is the catalogue's and
 * untrusted: a field may be missing or of any type.
 *
 * @typedef {Record<string, unknown>} Product
 * @typedef {{ id: string, score: number, product: Product, highlight?: Record<string, string> }} Hit
 * @typedef {{ part: string, category?: string, shard?: string, reason: string }} MissingPart
 * @typedef {{ text: string, filter?: Record<string, unknown>, sort?: unknown }} Understood
 * @typedef {object} SearchReply
 * @property {Hit[]} hits
 * @property {number} took_ms
 * @property {{ embed: number, search: number, join: number }} timings_ms
 * @property {'cached' | 'shared' | 'computed'} [embedding]
 * @property {string} model
 * @property {{ missing: MissingPart[] } | null} partial
 * @property {string[]} [unknown_fields]
 * @property {{ from: string, to: string } | null} [rewritten]
 * @property {string[]} [did_you_mean]
 * @property {Understood[]} [understood]
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
