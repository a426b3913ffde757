import { compareBytes } from '../../src/core/ids.js';
import { failureOf, type JsonClient } from './client.js';
import { dot } from './exact.js';
import { search, type SearchReply } from './search.js';
import { rowOf, type VectorSet } from './synthetic.js';
import { rowId, vectorSearch } from './vector-json.js';

/** Hits of each search. */
const TOP_K = 10;

/** Ids of the `TOP_K` best products of each query, as anybody can work them out: invariants 3 and 5 of SPEC.md. */
export function exactAnswers(base: VectorSet, queries: readonly Float32Array[]): string[][] {
  const rows = Array.from({ length: base.count }, (_, row) => ({
    id: rowId(row),
    vector: unit(rowOf(base, row)),
  }));
  return queries.map((query) => {
    const wanted = unit(query);
    return rows
      .map(({ id, vector }) => ({ id, score: Math.fround(dot(wanted, vector)) }))
      .sort((a, b) => b.score - a.score || compareBytes(a.id, b.id))
      .slice(0, TOP_K)
      .map(({ id }) => id);
  });
}

/** As it is sent, a multiple of 1e-6 each, and then made one of length 1. */
function unit(vector: Float32Array): Float32Array {
  const sent = Array.from(vector, (value) => Math.round(value * 1e6) / 1e6);
  const length = Math.sqrt(sent.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(sent, (value) => value / length);
}

/** Shoppers whose answers are compared with the truth, and a shop that changes its prices. */
export class CheckedTraffic {
  private counter = 0;
  /** By id, the last that was acknowledged. */
  private readonly prices = new Map<string, number>();
  private readonly bodies: readonly Buffer[];

  constructor(
    private readonly client: JsonClient,
    queries: readonly Float32Array[],
    private readonly right: readonly (readonly string[])[],
  ) {
    const wanted = { top_k: TOP_K, exact: true, fields: ['price'], timeout_ms: 5_000 };
    this.bodies = queries.map((query) => vectorSearch(query, wanted));
  }

  /** A failure is one named `wrong …` where an answer came and is not what it is to be. */
  async search(index: number): Promise<SearchReply> {
    const at = index % this.bodies.length;
    const ids = this.right[at] ?? [];
    const known = ids.map((id) => this.prices.get(id) ?? 0);
    const reply = await search(this.client, '/search/vector', this.bodies[at] as Buffer);
    if (reply.body === undefined) return reply;
    const { hits, partial } = reply.body;
    if (partial !== null) return { failure: `partial: ${reasonsOf(partial)}` };
    if (hits.map(({ id }) => id).join() !== ids.join()) return { failure: 'wrong: other hits' };
    const isNew = hits.every(
      ({ product }, i) => Number(product?.['price'] ?? 0) >= (known[i] ?? 0),
    );
    return isNew ? reply : { failure: 'wrong: an old price' };
  }

  /** A higher price of something that is found. */
  async write(index: number): Promise<{ failure?: string }> {
    const ids = this.right[index % this.right.length] ?? [];
    const id = ids[index % ids.length] ?? '';
    const price = ++this.counter;
    const reply = await this.client.request('PATCH', `/products/${id}`, { price }).catch(failureOf);
    if ('failure' in reply) return reply;
    if (!('status' in reply) || reply.status !== 200) return { failure: JSON.stringify(reply) };
    this.prices.set(id, Math.max(price, this.prices.get(id) ?? 0));
    return {};
  }
}

function reasonsOf(partial: object): string {
  const { missing = [] } = partial as { missing?: { reason?: string }[] };
  return [...new Set(missing.map(({ reason }) => reason ?? 'unknown'))].sort().join(', ');
}
