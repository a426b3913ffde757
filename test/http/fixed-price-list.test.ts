import { expect, test } from 'vitest';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { narrowedBy } from '../../src/http/search-desk.js';
import type { SearchRequest } from '../../src/search/search-types.js';
import type { Narrowing } from '../../src/tenancy/narrowing.js';

const CHEAP: Filter = { kind: 'range', field: 'price', op: 'lt', value: 10 };
const BRAND: Filter = { kind: 'in', field: 'brand', values: ['x'] };

const asked = (priceList?: string): SearchRequest => ({
  ...{ tenant: 'shop', query: 'mouse', topK: 10, filter: MATCH_ALL, fields: undefined },
  ...{ exact: false, explain: false, timeoutMs: 1_000, priceList },
});

function listOf(key: Partial<Narrowing> | undefined, priceList?: string): string | undefined {
  const narrowing = key && { filters: [], exclude: [], version: '1', ...key };
  return narrowedBy({ narrowing }, asked(priceList)).priceList;
}

test("the price list of a key takes the place of a request's", () => {
  expect(listOf(undefined, 'gold')).toBe('gold');
  expect(listOf({}, 'gold')).toBe('gold');
  expect(listOf({ priceList: 'silver' }, 'gold')).toBe('silver');
  expect(listOf({ priceList: 'silver' })).toBe('silver');
});

test('what a key shows by its price is not chosen by the prices of another list', () => {
  const refused: unknown = expect.objectContaining({ code: 'forbidden', field: 'price_list' });
  expect(() => listOf({ filters: [BRAND, CHEAP] }, 'gold')).toThrow(refused);
  expect(listOf({ filters: [CHEAP] })).toBeUndefined();
  expect(listOf({ filters: [BRAND] }, 'gold')).toBe('gold');
  expect(listOf({ filters: [CHEAP], priceList: 'silver' }, 'gold')).toBe('silver');
});
