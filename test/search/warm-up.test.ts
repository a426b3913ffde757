import { expect, test } from 'vitest';
import type { SearchRequest } from '../../src/search/search-types.js';
import { warmUp } from '../../src/search/warm-up.js';
import { NAME } from '../../src/core/ids.js';

test('the searches that a node warms up with are of no tenant, and one that fails stops nothing', async () => {
  const asked: SearchRequest[] = [];
  await warmUp({
    search: async (request) => {
      asked.push(request);
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new Error('nobody is there');
    },
  });
  expect(new Set(asked.map(({ query }) => query)).size).toBeGreaterThan(1);
  for (const { tenant } of asked) expect(NAME.pattern.test(tenant)).toBe(false);
});
