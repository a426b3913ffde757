import { expect, test } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { normalise } from '../../src/core/vector.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { ColdSearch } from '../../src/search/cold-search.js';
import type { SearchReply, SearchRequest } from '../../src/search/search-types.js';
import type { Store } from '../../src/store/store.js';
import { anyCaller } from './caller.js';

const MODEL = 'f'.repeat(32);
const EMPTY = { hits: [] as unknown[] } as SearchReply;
type Inner = ConstructorParameters<typeof ColdSearch>[0];

function request(more: Partial<SearchRequest> = {}): SearchRequest {
  return {
    ...{ tenant: 'shop', query: normalise([1, 0]), topK: 10, timeoutMs: 60_000 },
    ...{ filter: parseFilter({}, 'filter'), includeCold: true },
    ...more,
  } as unknown as SearchRequest;
}

/** An archive of chunks of one product each, named as it; `read` sees each before it is given. */
function opened(
  inner: Partial<Inner>,
  ids: readonly string[],
  read: (id: string) => Promise<void> = async () => undefined,
): { search: ColdSearch; reads: string[] } {
  const reads: string[] = [];
  const store = {
    documentsAtOnce: 64,
    heads: async (_: string, asked: readonly string[]) =>
      asked.map((id) => ({ archive: id, deleted: true, version: 1 })),
    prices: async (_: string, asked: readonly string[]) => asked.map(() => undefined),
  } as unknown as Store;
  const archive = {
    recentChunks: async () => [...ids],
    read: async (_: string, id: string) => {
      reads.push(id);
      await read(id);
      const product = { id, title: id, category: 'c', price: 1 };
      return [{ product, vector: normalise([1, 0]) as Float32Array, model: MODEL }];
    },
  };
  const search = new ColdSearch(inner as Inner, {
    ...{ store, encoder: undefined, model: MODEL, archive },
  });
  return { search, reads };
}

test('a batch reads each chunk once for all that ask, in the time of each, and a damaged one ends nothing', async () => {
  const inner = { searchBatch: async (all: readonly unknown[]) => all.map(() => EMPTY) };
  const { search, reads } = opened(inner, ['a', 'b', 'd'], async (id) => {
    if (id === 'b') throw new Error('damaged');
  });
  const asked = [request(), request({ includeCold: false }), request({ timeoutMs: 0 }), request()];
  const replies = (await search.searchBatch(asked, anyCaller())) as SearchReply[];
  expect(reads).toEqual(['a', 'b', 'd']);
  const seen = replies.map(({ cold }) => cold && [cold.compared, cold.missing]);
  const whole = [2, 'unavailable'];
  expect(seen).toEqual([whole, undefined, [0, 'timeout'], whole]);
  expect(replies[0]?.cold?.hits).toHaveLength(2);
});

test('where the search itself rejects, nothing of the archive is read any more', async () => {
  let fail: (error: Error) => void = () => undefined;
  const failing = new Promise<SearchReply>((_, reject) => (fail = reject));
  let giveUp: () => void = () => undefined;
  const late = new Promise<void>((resolve) => (giveUp = resolve));
  const { search, reads } = opened({ search: () => failing }, ['a', 'b'], () => {
    fail(new OmniError('unavailable', 'no shard'));
    return late;
  });
  await expect(search.search(request(), anyCaller())).rejects.toThrow('no shard');
  giveUp();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(reads).toEqual(['a']);
});
