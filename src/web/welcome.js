// @ts-check
import { button } from './dom.js';

/** @typedef {import('./wire.js').Category} Category */

/** Queries in a shopper's words. `about` matches the category that must exist for it to make sense. */
const EXAMPLES = [
  { query: 'warm boots for snow', about: /shoe|boot/i },
  { query: 'something to fry eggs in', about: /cook|pan|kitchen/i },
  { query: 'quiet headphones for the train', about: /headphone|audio/i },
  { query: 'birthday present for a toddler', about: /toy|baby/i },
  { query: 'small desk for a tiny room', about: /furniture/i },
  { query: 'wireless mouse for travel', about: /mice|mouse/i },
  { query: 'light summer dress', about: /dress|cloth/i },
  { query: 'tools to fix a leaking tap', about: /tool/i },
];
const SHOWN = 6;
const MIN_OWN = 3;

/**
 * Example queries that suit the catalogue; for one that is not like the demo shop, its categories.
 *
 * @param {readonly Category[]} categories
 * @returns {string[]}
 */
export function exampleQueries(categories) {
  const suited = EXAMPLES.filter(({ about }) =>
    categories.some(({ category }) => about.test(category)),
  );
  if (suited.length >= MIN_OWN || categories.length === 0) {
    const own = suited.length >= MIN_OWN ? suited : EXAMPLES;
    return own.slice(0, SHOWN).map(({ query }) => query);
  }
  return categories.slice(0, SHOWN).map(({ category }) => category.toLowerCase());
}

/**
 * @param {HTMLElement} root
 * @param {readonly Category[]} categories
 * @param {(query: string) => void} onChoose
 */
export function drawExamples(root, categories, onChoose) {
  const chips = exampleQueries(categories).map((query) =>
    button('example', query, () => onChoose(query)),
  );
  root.replaceChildren(...chips);
}
