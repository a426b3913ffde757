import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { HASH_END } from '../../src/core/ids.js';
import { collectGarbage } from '../../src/shard/build/garbage.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import { searchViews } from '../../src/shard/leaf/views/search-views.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import type { Memory, Order, Searched, SearchKind } from './messages.js';

/** A process of its own that holds one index, so that its memory is that index's. */

const EVERYTHING = new PartitionSet(() => [{ from: 0, to: HASH_END }]);
const K = 10;
/** Of Linux: takes pages of a range out of memory. */
const PAGE_OUT = 21;

let index: TenantIndex | undefined;

async function open(order: Extract<Order, { kind: 'open' }>): Promise<void> {
  index = new TenantIndex('bench', 'm', order.dimensions, DEFAULT_TEXT_SETTINGS);
  for (const record of order.records) index.add([await openSegment(order.folder, record)]);
}

async function search(of: SearchKind, queries: readonly Float32Array[]): Promise<Searched> {
  if (index === undefined) throw new Error('nothing is open');
  const found: Searched = { ms: [], answers: [] };
  for (const query of queries) {
    // What searches were measured to cost changes no plan: both processes do the same.
    const inStock = { kind: 'in' as const, field: 'in_stock', values: [true] };
    const views = [of === 'in stock' ? { k: K, filter: inStock } : { k: K }];
    const startMs = performance.now();
    const searcher = index.searcher();
    const { views: seen } = await searchViews(
      searcher,
      EVERYTHING,
      {
        ...{ vector: query.slice(), text: undefined, boosts: [], choose: undefined },
        ...{ set: undefined, hidden: undefined, within: undefined, until: undefined },
        ...{ views, exact: of === 'exact', trace: undefined, costs: new CostModel() },
      },
      new Budget(Deadline.after(60_000)),
    );
    searcher.release();
    found.ms.push(performance.now() - startMs);
    found.answers.push(JSON.stringify(seen[0]?.hits.map(({ id, score }) => [id, score])));
  }
  return found;
}

function memory(): Memory {
  collectGarbage();
  const status = readFileSync('/proc/self/status', 'latin1');
  const kb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN);
  return { anonBytes: kb('RssAnon') * 1024, fileBytes: kb('RssFile') * 1024 };
}

/** Takes all mapped pages of the index's files out of this process: the next search reads them again. */
function evict(): void {
  const advise = koffi.load(null).func('int madvise(void *, size_t, int)');
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) .*omnisearch-tiers-/.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const [begin, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
    advise(begin, end - begin, PAGE_OUT);
  }
}

process.on('message', (order: Order) => {
  const work = async (): Promise<unknown> => {
    if (order.kind === 'open') return open(order);
    if (order.kind === 'search') return search(order.of, order.queries);
    if (order.kind === 'memory') return memory();
    evict();
    return undefined;
  };
  work().then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
