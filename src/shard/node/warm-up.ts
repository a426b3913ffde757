import { setImmediate as nextTurn } from 'node:timers/promises';
import { Budget } from '../../core/budget.js';
import { Deadline } from '../../core/deadline.js';
import { HASH_END } from '../../core/ids.js';
import { normalise } from '../../core/vector.js';
import { NEAREST, type LeafView } from '../../query/result-set.js';
import { StoredTextRow } from '../../store/stored-text.js';
import { ANALYZER_VERSION } from '../../text/analyzer.js';
import { DEFAULT_TEXT_SETTINGS } from '../../text/default-settings.js';
import { productTerms } from '../../text/product-terms.js';
import { TenantIndex } from '../index/tenant-index.js';
import { CostModel } from '../leaf/cost-model.js';
import { PartitionSet } from '../leaf/partition-set.js';
import { searchViews } from '../leaf/views/search-views.js';
import { countWords } from '../leaf/words/count-words.js';

const DIMENSIONS = 256;
const ROWS = 128;
const HITS = 50;
/** It ends then, or with the first search, however slow the machine. */
const MOST_MS = 300;
/** A page with its facets, one with a filter and one in another order, as shops ask for them. */
const VIEWS: readonly LeafView[] = [
  { k: HITS, facets: [{ field: 'brand' }, { field: 'attributes.colour', limit: 10 }] },
  { k: HITS, filter: { kind: 'range', field: 'price', op: 'lt', value: ROWS / 2 } },
  { k: HITS, sort: [{ field: 'price', order: 'asc' }] },
];
const WORDS = ['usb', 'cable', 'mouse', 'wireless', 'keyboard', 'black', 'cover', 'adapter'];

/**
 * Takes in products of no shop and searches them again and again for a moment: until code has run some
 * hundred times it is a multiple slower, and the first callers after a start would wait for it. Resolves
 * with the hits that were found at last.
 */
export async function warmUp(): Promise<number> {
  const endMs = performance.now() + MOST_MS;
  const index = new TenantIndex('', '', DIMENSIONS, DEFAULT_TEXT_SETTINGS);
  for (let i = 0; i < ROWS; i++) {
    const row = new StoredTextRow(i + 1, JSON.stringify(productOf(i)), '', { text: vectorOf(i) });
    index.upsert(row, productTerms(row.product, index.text));
  }
  for (let i = 0; ; i++) {
    const found = await searchOnce(index, i, new Budget(Deadline.after(Infinity)));
    if (performance.now() >= endMs) return found;
    await nextTurn();
  }
}

async function searchOnce(index: TenantIndex, i: number, budget: Budget): Promise<number> {
  const searcher = index.searcher();
  try {
    const [first, second] = [wordOf(i), wordOf(i + 1)];
    const made = { analyzer: ANALYZER_VERSION, generation: index.text.generation };
    const words = [first, second];
    const asked = { near: [`${first}s`], pairs: [[first, second] as const], prefix: 'ca' };
    await countWords(searcher.views, { ...asked, words }, budget);
    const slots = words.map((word) => ({ idf: 2, alternatives: [{ words: [word], weight: 1 }] }));
    const partitions = new PartitionSet(() => [{ from: 0, to: HASH_END }]);
    const found = await searchViews(
      searcher,
      partitions,
      {
        ...{ vector: vectorOf(i), text: { ...made, slots }, views: VIEWS },
        choose: { drop: [...slots.keys()], nearest: NEAREST },
        set: { members: new Uint8Array() },
        ...{ boosts: [], hidden: undefined, within: undefined, until: undefined, exact: false },
        ...{ costs: new CostModel(), trace: undefined },
      },
      budget,
    );
    return found.views[0]?.hits.length ?? 0;
  } finally {
    searcher.release();
  }
}

function productOf(i: number) {
  const title = [wordOf(i), wordOf(i + 1), wordOf(i * 3), `X${i}`, `${i} GB`].join(' ');
  const attributes = { colour: wordOf(i * 5), weight: i };
  return { id: String(i), title, category: wordOf(i), brand: 'None', price: i, attributes };
}

function wordOf(i: number): string {
  return WORDS[i % WORDS.length] ?? '';
}

function vectorOf(i: number): Float32Array {
  const values = Array.from({ length: DIMENSIONS }, (_, at) => Math.sin(i + at * at) + 0.1);
  return normalise(values) ?? new Float32Array(DIMENSIONS);
}
