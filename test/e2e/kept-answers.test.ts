import { afterEach, expect, test } from 'vitest';
import { Cluster } from './cluster.js';

const ARGS = ['--model', 'none', '--dimensions', '4'];
const VECTOR = [1, 0, 0, 0];

let at: Cluster;
afterEach(async () => at.stop());

const product = (n: number, price: number): object => {
  return { id: `p${n}`, title: `Mouse ${n}`, category: `Category ${n % 3}`, price, vector: VECTOR };
};

async function search() {
  const { json } = await at.post('/search/text', { query: 'mouse', top_k: 50 });
  return json.hits ?? [];
}

async function hits(): Promise<number> {
  const { json } = await at.send('GET', '/stats');
  return (json['answer_cache'] as { hits: number }).hits;
}

test('invariant 2: an answer that is given again is never older than a write that was called searchable', async () => {
  at = await Cluster.start({ shards: 2, args: ARGS });
  await at.index(Array.from({ length: 30 }, (_, n) => product(n, 1)));
  // Nothing is kept of what may still be on its way to shards.
  const isKept = async (): Promise<boolean> => {
    await search();
    return (await hits()) > 0;
  };
  await expect.poll(isKept, { timeout: 20_000 }).toBe(true);
  expect(await search()).toHaveLength(30);
  for (let price = 2; price < 12; price++) {
    const path = '/products?wait=searchable';
    const { json } = await at.send('POST', path, product(price, price));
    expect(json).toMatchObject({ searchable: true });
    for (let i = 0; i < 2; i++) {
      const found = (await search()).find(({ id }) => id === `p${price}`);
      expect(found?.product['price']).toBe(price);
    }
  }
  await at.send('DELETE', '/products/p3');
  expect((await search()).map(({ id }) => id)).not.toContain('p3');
});
