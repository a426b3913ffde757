import { describe, expect, it } from 'vitest';
import { groupOf } from '../../src/store/partition-map.js';
import { placeTenants } from '../../bench/simulator/place-tenants.js';
import { planLoss } from '../../bench/simulator/plan-loss.js';
import { isOfOneHost, sitesOf } from '../../bench/simulator/scenario.js';
import { tenantMix } from '../../bench/simulator/tenant-mix.js';

const SITES = sitesOf({ nodes: 24, nodesPerHost: 2, zones: 3 });
const SHOPS = tenantMix({ tenants: 60, products: 4_000_000, categories: 10 });

describe('a mix of shops', () => {
  it('adds up, from large to small', () => {
    expect(SHOPS.reduce((sum, { products }) => sum + products, 0)).toBe(4_000_000);
    for (const { products, categories } of SHOPS) {
      expect(categories.reduce((sum, each) => sum + each.products, 0)).toBe(products);
    }
    const sizes = SHOPS.map(({ products }) => products);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  });
});

describe('the planner, on simulated nodes', () => {
  it('has each partition in three zones, on as many sets of nodes as there are', async () => {
    const store = await placeTenants(SHOPS, SITES, 3);
    const zoneOf = new Map(SITES.map(({ node, zone }) => [node, zone]));
    const groups = new Set<string>();
    for (const { tenant } of SHOPS) {
      for (const partition of (await store.placement(tenant)).partitions) {
        const { key, asked } = groupOf(partition);
        groups.add(key);
        expect(new Set(asked.map((node) => zoneOf.get(node))).size).toBe(3);
      }
    }
    expect(groups.size).toBe(8);
    const rows = store.told(SITES.map(({ node }) => node)).map((told) => told.rows);
    expect(rows.reduce((a, b) => a + b, 0)).toBeCloseTo(3 * 4_000_000, -2);
    expect(Math.max(...rows)).toBeLessThan((1.2 * 3 * 4_000_000) / SITES.length);
  });

  it('says what is to be built when a host is gone: what lay there', async () => {
    const store = await placeTenants(SHOPS, SITES, 3);
    const lost = SITES.filter(isOfOneHost).map(({ node }) => node);
    const { rows } = await planLoss(store, SITES, isOfOneHost);
    expect(rows).toBe(store.told(lost).reduce((sum, told) => sum + told.rows, 0));
  });
});
