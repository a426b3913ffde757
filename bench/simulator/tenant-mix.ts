import type { CategoryCount } from '../../src/store/store.js';

/** One shop: how many products of which categories, and its part of all searches. */
export interface Shop {
  tenant: string;
  products: number;
  categories: CategoryCount[];
}

export interface MixOptions {
  tenants: number;
  /** Of all tenants together. */
  products: number;
  /** Of the largest tenant; smaller ones have fewer. */
  categories: number;
}

/** How much smaller each tenant is than the one before: 0 is even, 1 is Zipf's. */
const TENANT_SKEW = 0.8;
const CATEGORY_SKEW = 0.7;
/** A category of a small shop has about so many products. */
const PRODUCTS_A_CATEGORY = 50;

/** Shops from large to small, whose products add up. */
export function tenantMix({ tenants, products, categories }: MixOptions): Shop[] {
  const sizes = skewed(products, tenants, TENANT_SKEW);
  return sizes.map((size, i) => {
    const count = Math.max(1, Math.min(categories, Math.round(size / PRODUCTS_A_CATEGORY)));
    return {
      tenant: `t${i}`,
      products: size,
      categories: skewed(size, count, CATEGORY_SKEW).map((own, j) => ({
        category: `c${j}`,
        products: own,
      })),
    };
  });
}

/** `total` in `count` whole parts, each of at least 1, the largest first. */
function skewed(total: number, count: number, skew: number): number[] {
  const weights = Array.from({ length: count }, (_, i) => (i + 1) ** -skew);
  const sum = weights.reduce((a, b) => a + b, 0);
  const parts = weights.map((weight) => Math.max(1, Math.floor((total * weight) / sum)));
  const left = total - parts.reduce((a, b) => a + b, 0);
  parts[0] = Math.max(1, (parts[0] ?? 0) + left);
  return parts;
}
