import type { Goods } from './goods.js';

const K1 = 1.2;
const B = 0.75;
const TITLE_TIMES = 2;

interface Posting {
  at: number;
  count: number;
}

/**
 * Plain BM25 as the baseline: Lucene's form (k1 1.2, b 0.75) over one text of title twice, brand and
 * description, words of letters and digits in lower case, an English plural folded.
 */
export class Bm25 {
  private readonly postings = new Map<string, Posting[]>();
  private readonly lengths: number[] = [];
  private readonly average: number;

  constructor(private readonly goods: readonly Goods[]) {
    for (const [at, { title, brand, description }] of goods.entries()) {
      const words = wordsOf(
        [...Array<string>(TITLE_TIMES).fill(title), brand, description].join(' '),
      );
      this.lengths.push(words.length);
      const counts = new Map<string, number>();
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      for (const [word, count] of counts) {
        const list = this.postings.get(word);
        if (list === undefined) this.postings.set(word, [{ at, count }]);
        else list.push({ at, count });
      }
    }
    this.average = this.lengths.reduce((sum, length) => sum + length, 0) / goods.length;
  }

  /** The ids of the best, ties by id. */
  rank(query: string, topK: number): string[] {
    const scores = new Map<number, number>();
    for (const word of new Set(wordsOf(query))) {
      const postings = this.postings.get(word) ?? [];
      const df = postings.length;
      const idf = Math.log(1 + (this.goods.length - df + 0.5) / (df + 0.5));
      for (const { at, count } of postings) {
        const normal = 1 - B + (B * (this.lengths[at] as number)) / this.average;
        const part = (idf * count * (K1 + 1)) / (count + K1 * normal);
        scores.set(at, (scores.get(at) ?? 0) + part);
      }
    }
    return [...scores]
      .map(([at, score]) => ({ id: (this.goods[at] as Goods).id, score }))
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      .slice(0, topK)
      .map(({ id }) => id);
  }

  /** Whether any product has all words of `query`: then there is something that fits. */
  hasAll(query: string): boolean {
    const lists = wordsOf(query).map((word) => this.postings.get(word) ?? []);
    const [first, ...others] = lists.sort((a, b) => a.length - b.length);
    if (first === undefined) return false;
    const held = others.map((list) => new Set(list.map(({ at }) => at)));
    return first.some(({ at }) => held.every((list) => list.has(at)));
  }
}

/** Lower case, without accents, plural folded. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map(singular);
}

function singular(word: string): string {
  if (word.length < 4 || /\p{N}/u.test(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|zz)es$/.test(word)) return word.slice(0, -2);
  return /(?<!s|u|i)s$/.test(word) ? word.slice(0, -1) : word;
}
