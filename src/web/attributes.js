// @ts-check
import { isObject } from './wire.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./state.js').State} State */

const PREFIX = 'attributes.';
/** Facets of attributes that are shown: more would be a form. */
const SHOWN = 6;
/** An attribute that fewer of the hits have says little of the rest. */
const LEAST_SHARE = 0.25;

/**
 * The attributes by which these hits can be told apart, the commonest first; those of which something is
 * chosen before all others.
 *
 * @param {readonly Hit[]} hits
 * @param {State} state
 * @returns {string[]}
 */
export function tellingAttributes(hits, state) {
  const chosen = chosenAttributes(state);
  /** @type {Map<string, { products: number, values: Set<string> }>} */
  const seen = new Map();
  for (const { product } of hits) {
    if (!isObject(product.attributes)) continue;
    for (const [name, value] of Object.entries(product.attributes)) {
      const entry = seen.get(name) ?? { products: 0, values: new Set() };
      seen.set(name, entry);
      entry.products += 1;
      for (const one of Array.isArray(value) ? value : [value]) entry.values.add(String(one));
    }
  }
  const telling = [...seen]
    .filter(([name, { products, values }]) => {
      // With a value of its own for each product there is nothing to choose from.
      const isShared = values.size > 1 && values.size < products;
      return isShared && products >= hits.length * LEAST_SHARE && !chosen.includes(name);
    })
    .sort(([a, { products }], [b, other]) => other.products - products || (a < b ? -1 : 1))
    .map(([name]) => name);
  return [...chosen, ...telling].slice(0, Math.max(SHOWN, chosen.length));
}

/** @param {State} state @returns {string[]} */
export function chosenAttributes({ chosen }) {
  return Object.keys(chosen)
    .filter((field) => field.startsWith(PREFIX))
    .map((field) => field.slice(PREFIX.length));
}
