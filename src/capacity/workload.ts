/** How products are spread over categories: by Zipf's law, evenly, or evenly over so many. */
export type CategoryMix = 'zipf' | 'even' | number;

/** What a cluster is to hold and answer. */
export interface Workload {
  /** Of the largest shop. */
  products: number;
  /** Further shops, all of one size. */
  tenants: { count: number; rows: number };
  /** Searches a second at the busiest time. */
  qps: number;
  dimensions: number;
  categories: CategoryMix;
  /** At least so many copies of each part. */
  replicas: number;
  /** A tenant up to so many rows is one part. */
  partitionRows: number;
  p99Ms: number;
  /** The share of time in which no search lacks a part. */
  availability: number;
}

/** Shops of one size, and the share of all searches that each of them gets. */
export interface Shops {
  count: number;
  rows: number;
  share: number;
}

/** Searches of a shopper a day, and how much more come in the busiest hour than in the mean one. */
const SEARCHES_A_DAY = 10;
const PEAK = 3;
const DAY_S = 86_400;
/** Of a catalogue whose number of categories nobody told. */
const USUAL_CATEGORIES = 100;

/** Searches a second in the busiest hour of so many daily shoppers. */
export function peakQps(dailyShoppers: number): number {
  return (dailyShoppers * SEARCHES_A_DAY * PEAK) / DAY_S;
}

export function totalRows({ products, tenants }: Workload): number {
  return products + tenants.count * tenants.rows;
}

/** The largest first; a shop is searched by as many as it has products. */
export function shopsOf(workload: Workload): Shops[] {
  const total = totalRows(workload);
  const { products, tenants } = workload;
  return [
    { count: 1, rows: products },
    { count: tenants.count, rows: tenants.rows },
  ]
    .filter(({ count, rows }) => count > 0 && rows > 0)
    .map((shops) => ({ ...shops, share: shops.rows / total }))
    .sort((a, b) => b.rows - a.rows);
}

/** The share of products that each category has, largest first. */
export function categoryShares(categories: CategoryMix): number[] {
  const count = typeof categories === 'number' ? categories : USUAL_CATEGORIES;
  const weights = Array.from({ length: count }, (_, i) =>
    categories === 'zipf' ? 1 / (i + 1) : 1,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
