import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { ByteBudget } from '../../src/core/byte-budget.js';
import { OmniError } from '../../src/core/errors.js';
import { MATCH_ALL } from '../../src/filter/filter.js';
import type { Depended } from '../../src/search/answer-state.js';
import { KeptAnswers } from '../../src/search/kept-answers.js';
import { SharedAnswers } from '../../src/search/shared-answers.js';
import {
  Hit,
  PLAIN_REPLY,
  PLAIN_SHOP,
  type FacetReply,
  type SearchCaller,
  type SearchReply,
  type SearchRequest,
} from '../../src/search/search-types.js';

const REQUEST: SearchRequest = {
  ...{ tenant: 'shop', query: 'mouse', topK: 10, filter: MATCH_ALL, fields: undefined },
  ...{ exact: false, explain: false, timeoutMs: 1_000 },
};

/** A catalogue with one product, whose version the answer tells, and shards that may be late. */
class Shop {
  version = 1;
  applied = 1;
  searches = 0;
  /** While a search goes on. */
  meanwhile: () => void = () => undefined;
  reply: Partial<SearchReply> = {};
  isKnown = true;
  nowMs = 0;
  /** What the nodes share. */
  readonly shelf = new Map<string, Buffer>();
  readonly kept = this.node();
  /** Another node of the same catalogue. */
  readonly other = this.node();

  private node(): KeptAnswers {
    const search = {
      search: (request: SearchRequest, caller: SearchCaller) => this.search(request, caller),
      searchBatch: (requests: readonly SearchRequest[], caller: SearchCaller) =>
        Promise.all(
          requests.map((request) =>
            this.search(request, caller).catch((error: unknown) => error as OmniError),
          ),
        ),
    };
    const current = async (): Promise<Depended | undefined> => {
      if (!this.isKnown) return undefined;
      return { name: String(this.version), sequence: this.version };
    };
    const shared = new SharedAnswers({
      get: async (key) => this.shelf.get(key),
      set: (key, value) => this.shelf.set(key, value),
    });
    return new KeptAnswers({ search, answers: { current }, shared, now: () => this.nowMs });
  }

  private async search({ query }: SearchRequest, { bytes }: SearchCaller): Promise<SearchReply> {
    this.searches += 1;
    if (query === 'bad') throw new OmniError('unavailable', 'no');
    const [seen, through] = [Math.min(this.version, this.applied), this.applied];
    this.meanwhile();
    const json = JSON.stringify({ id: 'a', version: seen });
    bytes.take(json.length);
    return {
      ...{ hits: [new Hit('a', 1, json)], tookMs: 5, embedding: 'computed', model: 'm' },
      ...{ timingsMs: { embed: 1, search: 3, join: 1 }, missing: [], coverage: undefined, through },
      ...{ unknownFields: [], explanation: undefined, text: undefined },
      shop: { ...PLAIN_REPLY, total: 1 },
      ...this.reply,
    };
  }
}

let shop: Shop;
let budget: ByteBudget;
beforeEach(() => {
  shop = new Shop();
  budget = new ByteBudget({ what: 'replies', limitBytes: 1_000_000 });
});

const caller = (): SearchCaller => ({
  signal: new AbortController().signal,
  bytes: budget.lease('shop'),
});
/** As whoever writes it out leaves it. */
async function ask(more: Partial<SearchRequest> = {}, node = shop.kept): Promise<SearchReply> {
  const reply = await node.search({ ...REQUEST, ...more }, caller());
  const hits = reply.hits.splice(0);
  return { ...reply, hits };
}
const versionOf = ({ hits }: SearchReply): unknown => hits[0]?.product['version'];

/** A field with so many values. */
function facet(count: number, value: string): FacetReply {
  const values = Array.from({ length: count }, (_, i) => ({ value: value + String(i), count: 1 }));
  return { field: 'brand', values, other: 0, distinct: count, stats: undefined };
}

/** How often shards are asked where the same is asked for twice. */
async function searchesOfTwo(more: Partial<SearchRequest> = {}): Promise<number> {
  await ask(more);
  await ask(more);
  return shop.searches;
}

describe('an answer', () => {
  test('is given again while nothing changes, and says that nothing was computed for it', async () => {
    await ask({ queryId: '1', timeoutMs: 900 });
    const lease = caller();
    const again = await shop.kept.search(REQUEST, lease);
    expect([shop.searches, versionOf(again), again.embedding]).toEqual([1, 1, 'cached']);
    expect(lease.bytes.held).toBeGreaterThan(0);
    expect(shop.kept.status()).toEqual({ entries: 1, hits: 1, misses: 1, texts: 1 });
  });

  test('is another one after a write', async () => {
    await ask();
    shop.version = shop.applied = 2;
    expect([versionOf(await ask()), shop.searches]).toEqual([2, 2]);
  });

  test('of shards that lack a write is not kept', async () => {
    shop.version = 2;
    expect(versionOf(await ask())).toBe(1);
    shop.applied = 2;
    expect(versionOf(await ask())).toBe(2);
  });

  test('that was made while something was written is not kept', async () => {
    shop.meanwhile = () => (shop.version += 1);
    expect(await searchesOfTwo()).toBe(2);
  });

  test.each<[string, Partial<SearchReply>]>([
    ['that lacks something', { missing: [{ part: 'store', reason: 'timeout' }] }],
    ['of which it is not known what the shards had', { through: undefined }],
    [
      'with more values of facets than are worth it',
      { shop: { ...PLAIN_REPLY, total: 1, facets: [facet(3_000, 'x')] } },
    ],
    [
      'with a few that are long',
      { shop: { ...PLAIN_REPLY, total: 1, facets: [facet(500, 'x'.repeat(300))] } },
    ],
    [
      'by old statistics',
      { text: { rewritten: null, didYouMean: [], understood: [], isApproximate: true } },
    ],
  ])('%s is not kept', async (_, reply) => {
    shop.reply = reply;
    expect(await searchesOfTwo()).toBe(2);
  });

  test.each<[string, Partial<SearchRequest>]>([
    ['to a vector', { query: new Float32Array(4) }],
    ['that is exact', { exact: true }],
    ['that explains itself', { explain: true }],
    ['with a cursor', { shop: { ...PLAIN_SHOP, wantsCursor: true } }],
    ['to a request as long as a list of products', { fields: ['x'.repeat(5_000)] }],
  ])('%s is not kept', async (_, more) => {
    expect(await searchesOfTwo(more)).toBe(2);
  });

  test.each<[string, Partial<SearchRequest>]>([
    ['another tenant', { tenant: 'other' }],
    ['another filter', { filter: { kind: 'in', field: 'brand', values: ['x'] } }],
    ['another page', { shop: { ...PLAIN_SHOP, from: 10 } }],
    ['other fields', { fields: ['title'] }],
  ])('is not that of %s', async (_, more) => {
    await ask();
    await ask(more);
    expect(shop.searches).toBe(2);
  });

  test('is asked for where it is not known what it depends on, and after its time', async () => {
    shop.isKnown = false;
    expect(await searchesOfTwo()).toBe(2);
    shop.isKnown = true;
    expect(await searchesOfTwo()).toBe(3);
    shop.nowMs = 300_000;
    shop.shelf.clear();
    await ask();
    expect(shop.searches).toBe(4);
  });
});

test('of a batch only those are searched for of which no answer is kept, and each has its own', async () => {
  await ask();
  const requests = ['mouse', 'bad', 'pan'].map((query) => ({ ...REQUEST, query }));
  const replies = await shop.kept.searchBatch(requests, caller());
  expect(replies.map((reply) => reply instanceof OmniError)).toEqual([false, true, false]);
  expect(shop.searches).toBe(3);
  await shop.kept.searchBatch(requests, caller());
  expect(shop.searches).toBe(4);
});

test('of a batch for which there is no room the rest is answered', async () => {
  await ask();
  budget = new ByteBudget({ what: 'replies', limitBytes: 10 });
  shop.reply = { hits: [] };
  const requests = [REQUEST, { ...REQUEST, query: 'bad' }];
  const replies = await shop.kept.searchBatch(requests, caller());
  expect(replies).toMatchObject([{ code: 'overloaded' }, { code: 'unavailable' }]);
});

describe('an answer that another node has found', () => {
  test('is given while nothing has changed, in all its parts', async () => {
    const inner = new Hit('b', 0.5, '{"id":"b","price":1.10}', undefined, { isWidened: true });
    const group = { value: 'x', total: 2, hits: [inner] };
    const extras = { group, highlight: { title: '<mark>mouse</mark>' } };
    const hit = new Hit('a', 0.75, Buffer.from('{"id":"a","note":"ü 1.0"}'), undefined, extras);
    const text = { rewritten: null, didYouMean: ['mice'], understood: [], isApproximate: false };
    shop.reply = { hits: [hit], text, shop: { ...PLAIN_REPLY, total: 1, facets: [facet(2, 'x')] } };
    const own = await ask();
    const others = await ask({}, shop.other);
    expect(shop.searches).toBe(1);
    expect(shop.other.status()).toMatchObject({ hits: 1, misses: 0 });
    const plain = ({ hits, shop: rest, text: said, through }: SearchReply) => ({
      hits: hits.map(({ id, score, extras, json }) => [id, score, extras, json.toString()]),
      ...{ rest, said, through },
    });
    expect(JSON.parse(JSON.stringify(plain(others)))).toEqual(
      JSON.parse(JSON.stringify(plain(own))),
    );
    expect(others.hits[0]).toBeInstanceOf(Hit);
    expect(others.hits[0]?.extras?.group?.hits[0]?.product).toEqual({ id: 'b', price: 1.1 });
    // From here on it is its own.
    shop.shelf.clear();
    await ask({}, shop.other);
    expect(shop.searches).toBe(1);
  });

  test('is none after a write, and what is no answer is not taken for one', async () => {
    await ask();
    shop.version = shop.applied = 2;
    expect(versionOf(await ask({}, shop.other))).toBe(2);
    for (const key of shop.shelf.keys()) shop.shelf.set(key, Buffer.from('{"state":'));
    shop.nowMs = 300_000;
    expect(versionOf(await ask())).toBe(2);
    expect(shop.searches).toBe(3);
  });
});

test('invariant 2: whatever is written and applied when, no answer is older than what shards had when it was asked for', async () => {
  const step = fc.constantFrom('write', 'apply', 'ask', 'ask the other', 'write meanwhile');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      shop = new Shop();
      for (const each of steps) {
        shop.meanwhile = () => undefined;
        if (each === 'write') shop.version += 1;
        else if (each === 'apply') shop.applied = shop.version;
        else {
          if (each === 'write meanwhile') shop.meanwhile = () => (shop.version += 1);
          const had = Math.min(shop.version, shop.applied);
          const node = each === 'ask the other' ? shop.other : shop.kept;
          expect(versionOf(await ask({}, node))).toBe(had);
        }
      }
    }),
  );
});
