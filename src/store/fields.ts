import { filterFields } from '../core/product-fields.js';
import type { Product } from '../core/product.js';

/** The names under which a product's fields can be filtered. */
export function filterFieldNames(product: Product): string[] {
  return filterFields(product).map(([name]) => name);
}
