import { afterEach, beforeEach, expect, test } from 'vitest';
import { BruteShop, catalogue, meaningOf, putProduct } from './brute-shop.js';

let shop: BruteShop;
beforeEach(async () => {
  shop = await BruteShop.open(3);
  await shop.write(catalogue(120).map(putProduct));
});
afterEach(() => shop.close());

test('every shard that sampled a search by vector is told the scores of the best of all', async () => {
  const { hits } = await shop.ask(meaningOf('wireless mouse'), {}, { exact: false });
  const { told } = shop.fleet;
  expect(told.map(({ node }) => node).sort()).toEqual(['s0', 's1', 's2']);
  for (const { best } of told) {
    expect(best.slice(0, 10)).toEqual(hits.slice(0, 10).map(({ score }) => score));
  }
});

test('of a text it is how near the nearest of all shards are', async () => {
  await shop.ask('wireless mouse', {}, { exact: false });
  const { told } = shop.fleet;
  const byVector = await shop.ask(meaningOf('wireless mouse'), {}, { exact: false });
  const nearest = byVector.hits.map(({ score }) => score);
  expect(
    told
      .slice(0, 3)
      .map(({ node }) => node)
      .sort(),
  ).toEqual(['s0', 's1', 's2']);
  for (const { best } of told.slice(0, 3)) expect(best.slice(0, 10)).toEqual(nearest.slice(0, 10));
});
