import type { Budget } from '../../../core/budget.js';
import { compareBytes } from '../../../core/ids.js';
import type { CountWords, NearWord, WordCounts } from '../../../protocol/messages.js';
import { tolerated } from '../../../text/near-words.js';
import type { SegmentView } from '../../index/segment-view.js';
import { LiveCounts } from './live-counts.js';
import { READ_UNITS, spellingsIn } from './spellings.js';

/** The commonest words of a prefix that one view, and the reply, name: a query takes some thirty. */
const PREFIXED = 100;
/** The same where the answer must be that of one shard, whatever lies on which: practically all. */
const PREFIXED_EXACTLY = 20_000;
/** Words of a prefix looked at between two looks at the budget. */
const SLICE_WORDS = 1_024;

export type Counted = Pick<WordCounts, 'df' | 'near' | 'prefixed' | 'adjacent'>;

type AskedWords = Pick<CountWords, 'words' | 'near' | 'prefix' | 'pairs' | 'pin'>;

/** How common words are among the live rows of `views`; as far as the budget allows. */
export async function countWords(
  views: readonly SegmentView[],
  { words, near = [], prefix, pairs = [], pin }: AskedWords,
  budget: Budget,
): Promise<Counted> {
  const counter = new WordCounter(views, budget);
  const counted: Counted = { df: [], near: [], prefixed: [], adjacent: [] };
  for (const word of words) counted.df.push(await counter.df(word));
  for (const word of near) counted.near.push(await counter.near(word));
  for (const pair of pairs) counted.adjacent.push(await counter.adjacent(pair));
  if (prefix !== undefined) {
    const most = pin === true ? PREFIXED_EXACTLY : PREFIXED;
    counted.prefixed = await counter.prefixed(prefix, most);
  }
  return counted;
}

class WordCounter {
  private readonly counts: Map<SegmentView, LiveCounts>;

  constructor(
    private readonly views: readonly SegmentView[],
    private readonly budget: Budget,
  ) {
    this.counts = new Map(views.map((view) => [view, new LiveCounts(view, budget)]));
  }

  df(word: string): Promise<number> {
    return this.sum(async (view, counts) => {
      const number = view.terms.numberOf(word);
      return number === -1 ? 0 : counts.word(number);
    });
  }

  adjacent([a, b]: readonly [string, string]): Promise<number> {
    return this.sum(async (view, counts) => {
      const [first, second] = [view.terms.numberOf(a), view.terms.numberOf(b)];
      return first === -1 || second === -1 ? 0 : counts.adjacent([first, second]);
    });
  }

  /** Nearest first, then commonest. */
  async near(word: string): Promise<NearWord[]> {
    const distances = new Map<string, number>();
    const maxDistance = tolerated(word);
    for (const view of this.views) {
      if (this.budget.isSpent()) break;
      const spellings = await spellingsIn(view, word, maxDistance, this.budget);
      for (const { word: near, distance } of spellings) distances.set(near, distance);
    }
    const found: NearWord[] = [];
    for (const [near, distance] of distances) {
      const df = await this.df(near);
      if (df > 0) found.push({ word: near, distance, df });
    }
    return found.sort(
      (a, b) => a.distance - b.distance || b.df - a.df || compareBytes(a.word, b.word),
    );
  }

  /** Commonest first. */
  async prefixed(prefix: string, most: number): Promise<WordCounts['prefixed']> {
    const words = new Set<string>();
    for (const view of this.views) {
      if (this.budget.isSpent()) break;
      for (const word of await this.beginningWith(view, prefix, most)) words.add(word);
    }
    const found: { word: string; df: number }[] = [];
    for (const word of words) {
      const df = await this.df(word);
      if (df > 0) found.push({ word, df });
    }
    return found.sort((a, b) => b.df - a.df || compareBytes(a.word, b.word)).slice(0, most);
  }

  /** Of one view, dead rows counted too. */
  private async beginningWith(
    { terms }: SegmentView,
    prefix: string,
    most: number,
  ): Promise<string[]> {
    const { budget } = this;
    const found: { number: number; count: number }[] = [];
    let looked = 0;
    for (const number of terms.beginningWith(prefix)) {
      found.push({ number, count: terms.frequency(number) });
      looked += 1;
      if (looked % SLICE_WORDS > 0) continue;
      if (budget.spend(SLICE_WORDS * READ_UNITS) && !(await budget.pause())) break;
    }
    found.sort((a, b) => b.count - a.count || a.number - b.number);
    return found.slice(0, most).map(({ number }) => terms.wordOf(number));
  }

  private async sum(
    count: (view: SegmentView, counts: LiveCounts) => Promise<number>,
  ): Promise<number> {
    let sum = 0;
    for (const [view, counts] of this.counts) {
      if (this.budget.isSpent()) break;
      sum += await count(view, counts);
    }
    return sum;
  }
}
