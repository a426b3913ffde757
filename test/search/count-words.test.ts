import { beforeEach, describe, expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { OmniError } from '../../src/core/errors.js';
import type { Moved, WordCounts } from '../../src/protocol/messages.js';
import { WordCounter, type CountedTenant } from '../../src/search/count-words.js';
import { planSearch } from '../../src/search/plan.js';
import type { WordQuestions } from '../../src/search/word-count.js';
import { firstPartition } from '../../src/placement/partition.js';
import { halves } from '../../src/placement/reshape.js';
import { PlacementReshaped } from '../../src/search/failures.js';
import type { Partition, TenantPlacement } from '../../src/store/store.js';
import { serving } from '../store/place.js';
import type { AskedReplicas, WordsAsked } from '../../src/shard-client/leaf-calls.js';
import type { Served } from '../../src/shard-client/replicas/replica-call.js';

/** How common words are on each shard; undefined: it does not answer. */
type Catalogue = Record<string, Record<string, number> | undefined>;

let catalogue: Catalogue;
let asked: { shard: string; words: readonly string[]; pin: boolean; byName: boolean }[];
/** Shards that know another placement. */
let movedOn: Set<string>;
/** Shards that have none of what they are asked for by name. */
let without: Set<string>;
let placement: () => Promise<TenantPlacement>;
let nowMs: number;
let counter: WordCounter;

const PLACEMENT = {
  counter: 1,
  partitions: [firstPartition('Mice', ['s1']), firstPartition('Pans', ['s2'])],
};
const placements = { refresh: () => placement() };
const { targets: TARGETS } = planSearch(PLACEMENT, undefined);
const TENANT: CountedTenant = {
  tenant: 'shop',
  model: 'm',
  generation: 0,
  targets: TARGETS,
  searched: TARGETS,
  placement: PLACEMENT.counter,
};

const questions = (words: string[], derived: string[] = []): WordQuestions => ({
  ...{ words, derived, near: [], pairs: [], prefix: undefined },
});
const bounds = () => ({
  deadline: Deadline.after(1_000),
  signal: new AbortController().signal,
});

type Counted = Promise<Served<WordCounts | Moved>>;

async function countWords({ nodes: [shard = ''] }: AskedReplicas, message: WordsAsked): Counted {
  const pin = message.pin === true;
  const byName = message.partitions !== null;
  asked.push({ shard, words: message.words, pin, byName });
  if (!byName && movedOn.has(shard)) return { node: shard, answer: { type: 'moved', counter: 2 } };
  const here = catalogue[shard];
  if (here === undefined) throw new OmniError('unavailable', 'as told');
  const answer: WordCounts = {
    type: 'word-counts',
    live: 100,
    df: message.words.map((word) => here[word] ?? 0),
    near: (message.near ?? []).map(() => []),
    prefixed: Object.entries(here)
      .filter(([word]) => message.prefix !== undefined && word.startsWith(message.prefix))
      .map(([word, df]) => ({ word, df })),
    adjacent: (message.pairs ?? []).map(() => 1),
    ...(pin ? { searcher: `pin of ${shard}` } : {}),
    ...{ ready: !without.has(shard), counter: 1, timedOut: false, tookMs: 0 },
    ...(without.has(shard) ? { hasMoved: true } : {}),
  };
  return { node: shard, answer };
}

beforeEach(() => {
  catalogue = { s1: { mouse: 3, mousepad: 1 }, s2: { mouse: 4, pan: 9 } };
  asked = [];
  movedOn = new Set();
  without = new Set();
  placement = async () => PLACEMENT;
  nowMs = 0;
  counter = new WordCounter({ fleet: { countWords }, placements }, () => nowMs);
});

describe('words are counted over all shards of a tenant', () => {
  test('as sums', async () => {
    const { sums, missing } = await counter.count(TENANT, questions(['mouse', 'pan']), bounds());
    expect([sums.live, sums.df('mouse'), sums.df('pan'), sums.df('hat')]).toEqual([200, 7, 9, 0]);
    expect([sums.isApproximate, missing]).toEqual([false, []]);
  });

  test('by name where a shard knows another placement', async () => {
    movedOn.add('s2');
    const { sums, missing } = await counter.count(TENANT, questions(['mouse', 'pan']), bounds());
    expect([sums.df('mouse'), sums.df('pan'), sums.isApproximate]).toEqual([7, 9, false]);
    expect(missing).toEqual([]);
    const rounds = asked.map(({ shard, byName }) => [shard, byName]);
    expect(rounds).toEqual([
      ['s1', false],
      ['s2', false],
      ['s2', true],
    ]);
  });

  test('anew where what a shard was asked for is elsewhere by now, or cut; not where nobody can say', async () => {
    movedOn.add('s2');
    without.add('s2');
    const count = () => counter.countNow(TENANT, questions(['pan']), bounds(), true);
    const [mice, pans] = PLACEMENT.partitions as Partition[] as [Partition, Partition];
    for (const now of [{ ...pans, replicas: serving('s1') }, ...halves(pans, 2)]) {
      placement = async () => ({ counter: 2, partitions: [mice, now] });
      await expect(count()).rejects.toThrow(PlacementReshaped);
    }
    const lost = { part: 'shard', category: 'Pans', shard: 's2', reason: 'not_ready' };
    placement = async () => PLACEMENT;
    expect((await count()).missing).toEqual([lost]);
    placement = async () => Promise.reject(new OmniError('unavailable', 'no store'));
    expect((await count()).missing).toEqual([lost]);
  });

  test('once in two seconds, and only those that are not known', async () => {
    await counter.count(TENANT, questions(['mouse']), bounds());
    nowMs += 1_900;
    await counter.count(TENANT, questions(['mouse']), bounds());
    expect(asked).toHaveLength(2);
    await counter.count(TENANT, questions(['mouse', 'pan']), bounds());
    expect(asked.slice(2).map(({ words }) => words)).toEqual([['pan'], ['pan']]);
    nowMs += 200;
    await counter.count(TENANT, questions(['mouse']), bounds());
    expect(asked).toHaveLength(6);
  });

  test('a typed word that nobody had is asked for again: it may have been written since', async () => {
    await counter.count(TENANT, questions(['hat'], ['cap']), bounds());
    catalogue['s1'] = { hat: 1, cap: 1 };
    const { sums } = await counter.count(TENANT, questions(['hat'], ['cap']), bounds());
    expect(sums.df('hat')).toBe(1);
    // Kept for two seconds: what stands in place of a word is found by its own name meanwhile.
    expect(sums.df('cap')).toBe(0);
  });

  test('who asks the same at once shares the answer', async () => {
    const all = Array.from({ length: 5 }, () =>
      counter.count(TENANT, questions(['mouse']), bounds()),
    );
    for (const { sums } of await Promise.all(all)) expect(sums.df('mouse')).toBe(7);
    expect(asked).toHaveLength(2);
  });

  test('who has no time left spoils no answer of those who have', async () => {
    const open: (() => void)[] = [];
    const slow = async (
      replicas: AskedReplicas,
      message: WordsAsked,
      deadline: Deadline,
    ): Counted => {
      expect(deadline.remainingMs()).toBeGreaterThan(100);
      await new Promise<void>((resolve) => open.push(resolve));
      return countWords(replicas, message);
    };
    counter = new WordCounter({ fleet: { countWords: slow }, placements }, () => nowMs);
    const hasty = { ...bounds(), deadline: Deadline.after(0) };
    const first = counter.count(TENANT, questions(['mouse']), hasty);
    const second = counter.count(TENANT, questions(['mouse']), bounds());
    await expect(first).rejects.toMatchObject({ code: 'deadline_exceeded' });
    open.forEach((go) => go());
    const { sums, missing } = await second;
    expect([sums.df('mouse'), sums.isApproximate, missing]).toEqual([7, false, []]);
  });

  test('for a shard that does not answer its last counts stand', async () => {
    await counter.count(TENANT, questions(['mouse']), bounds());
    nowMs += 60_000;
    catalogue['s2'] = undefined;
    const { sums, missing } = await counter.count(TENANT, questions(['mouse', 'pan']), bounds());
    expect([sums.live, sums.df('mouse'), sums.df('pan')]).toEqual([200, 7, 0]);
    expect(sums.isApproximate).toBe(true);
    expect(missing).toEqual([
      { part: 'shard', category: 'Pans', shard: 's2', reason: 'unavailable' },
    ]);
  });

  test('where none answers, nothing is known', async () => {
    catalogue = {};
    const { sums, missing } = await counter.count(TENANT, questions(['mouse']), bounds());
    expect([sums.live, missing.length]).toEqual([0, 2]);
  });

  test('an exact search has all counted anew, and kept on each shard for its second phase', async () => {
    await counter.count(TENANT, questions(['mouse']), bounds());
    const { sums } = await counter.countNow(TENANT, questions(['mouse']), bounds(), true);
    expect(sums.df('mouse')).toBe(7);
    expect([...sums.pins]).toEqual([
      ['s1/', { node: 's1', searcher: 'pin of s1' }],
      ['s2/', { node: 's2', searcher: 'pin of s2' }],
    ]);
    expect(asked.slice(2).map(({ pin }) => pin)).toEqual([true, true]);
  });

  test('words that begin alike are counted together', async () => {
    const asking = { ...questions(['mou']), prefix: 'mou' };
    const { sums } = await counter.count(TENANT, asking, bounds());
    expect(sums.prefixed('mou').map(({ word, df }) => [word, df])).toEqual([
      ['mouse', 7],
      ['mousepad', 1],
    ]);
  });

  test('another tenant, or other settings, share nothing', async () => {
    await counter.count(TENANT, questions(['mouse']), bounds());
    await counter.count({ ...TENANT, tenant: 'b' }, questions(['mouse']), bounds());
    await counter.count({ ...TENANT, generation: 1 }, questions(['mouse']), bounds());
    expect(asked).toHaveLength(6);
  });
});
