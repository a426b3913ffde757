// @ts-check
import { byId, element } from './dom.js';
import { shop, withKey } from './shop.js';
import { drawExamples } from './welcome.js';

/** @typedef {import('./wire.js').Category} Category */

/**
 * How much the shop has, and queries that suit it: extras, without them the search still works.
 *
 * @param {string | undefined} tenant
 * @param {(query: string) => void} onExample
 */
export async function showShopSize(tenant, onExample) {
  const listed = await withKey(() => shop.categories({ tenant })).catch(() => []);
  /** @type {Category[]} */
  const categories = (Array.isArray(listed) ? listed : []).filter(
    (entry) => typeof entry?.category === 'string' && typeof entry.products === 'number',
  );
  drawExamples(byId('examples', HTMLElement), categories, onExample);
  const products = categories.reduce((sum, { products: count }) => sum + count, 0);
  if (products === 0) return;
  const more = element('span', 'size-more', ` in ${categories.length} categories`);
  byId('size', HTMLElement).replaceChildren(`${products.toLocaleString()} products`, more);
}
