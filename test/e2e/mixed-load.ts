import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded, type TestProduct } from './catalogue.js';
import { Unanswered, type Cluster } from './cluster.js';

/** What the store acknowledged: the product, or null for an acknowledged delete. */
export type Acknowledged = Map<string, TestProduct | null>;

export interface LoadOptions {
  cluster: Cluster;
  products: readonly TestProduct[];
  acknowledged: Acknowledged;
  seed: number;
  batchRows?: number;
  stop: () => boolean;
}

/**
 * Changes prices, categories and vectors, deletes and brings back, one request after the other, until
 * told to stop. Only what was answered with 200 counts.
 */
export async function writeUntil(options: LoadOptions): Promise<void> {
  const { cluster, products, acknowledged, seed, batchRows = 20, stop } = options;
  const random = seeded(seed);
  while (!stop()) {
    await sleep(5);
    const batch = new Map<string, TestProduct | null>();
    const rows: object[] = [];
    for (let i = 0; i < batchRows; i++) {
      const product = products[Math.floor(random() * products.length)] as TestProduct;
      const deleted = random() < 0.25;
      const next = changed(product, random);
      batch.set(product.id, deleted ? null : next);
      rows.push(deleted ? { op: 'delete', id: product.id } : next);
    }
    try {
      const { status } = await cluster.post(
        '/products',
        rows.map((row) => JSON.stringify(row)).join('\n'),
      );
      // A batch without an answer may be there or not: what it touched is not checked.
      if (status !== 200) batch.forEach((_, id) => acknowledged.delete(id));
      else batch.forEach((product, id) => acknowledged.set(id, product));
    } catch (error) {
      if (error instanceof Unanswered) throw error;
      batch.forEach((_, id) => acknowledged.delete(id));
    }
  }
}

function changed(product: TestProduct, random: () => number): TestProduct {
  const price = Math.floor(random() * 1_000);
  const category = random() < 0.1 ? `Category ${Math.floor(random() * 8)}` : product.category;
  const { length } = product.vector;
  const vector = random() < 0.3 ? randomVector(random, length) : product.vector;
  return { ...product, price, category, vector };
}

/** Searches until told to stop: what is answered at all is well-formed, whoever has just died. */
export async function searchUntil({ cluster, products, seed, stop }: LoadOptions): Promise<void> {
  const random = seeded(seed);
  const dimensions = (products[0] as TestProduct).vector.length;
  while (!stop()) {
    await sleep(10);
    const vector = randomVector(random, dimensions);
    const body = { vector, top_k: 20, fields: ['price'], timeout_ms: 500 };
    const reply = await cluster.post('/search/vector', body).catch((error: unknown) => {
      if (error instanceof Unanswered) throw error;
      return undefined;
    });
    if (reply?.status !== 200) continue;
    const hits = reply.json.hits ?? [];
    expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  }
}

/** Every acknowledged write is in the store and in the index, with the vector it was sent with. */
export async function expectAllServed(cluster: Cluster, acknowledged: Acknowledged): Promise<void> {
  const query = [...acknowledged.values()].find((product) => product !== null)?.vector;
  if (query === undefined) return;
  const probe = { ...makeProducts(1, query.length, 99)[0], id: 'probe' };
  await cluster.index([probe], true);
  for (const [id, product] of acknowledged) {
    const { status, json } = await cluster.send('GET', `/products/${id}`);
    expect([id, status]).toEqual([id, product === null ? 404 : 200]);
    if (product === null) continue;
    expect([json['price'], json['category']]).toEqual([product.price, product.category]);
  }
  const body = { vector: query, top_k: 1_000, exact: true, fields: [] };
  const { json } = await cluster.post('/search/vector', body);
  expect(json['partial']).toBeNull();
  const found = (json.hits ?? []).filter(({ id }) => acknowledged.has(id));
  const held = [...acknowledged.values()].filter((product) => product !== null);
  expect(found.map(({ id, score }) => ({ id, score }))).toEqual(bruteForce(held, query, 1_000));
}
