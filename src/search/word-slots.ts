import type { Alternative, Slot } from '../query/text-query.js';
import {
  chooseCorrections,
  isWhole,
  toleranceOf,
  type Candidate,
  type Correction,
} from '../text/corrections.js';
import { chooseSplits, isJoin } from '../text/joins-and-splits.js';
import type { QueryWord } from '../text/parse-query.js';
import type { WordExplanation } from './explanation.js';
import type { WordSums } from './word-count.js';
import { nearest, pairsBeside, type Candidates } from './word-questions.js';

type Why = WordExplanation['alternatives'][number]['why'];

/** A way to meet a word of a query, and why it is one. */
interface Choice extends Alternative {
  why: Why;
}

/** A word of a query with what it came to. */
export interface WordSlot extends Slot {
  word: QueryWord;
  /** Live products that have it as it was typed. */
  df: number;
  alternatives: readonly Choice[];
  corrections: readonly Correction[];
  /** What else may have been meant: as near as the first correction, or near where nothing was corrected. */
  others: readonly string[];
  /** The encoder has a piece for it. */
  isWhole: boolean;
  /** It means something to the encoder, or a product has it, or what stands in its place. */
  isKnown: boolean;
}

/** Of the words that begin so, those that are searched: each is a walk through the index. */
const MAX_COMPLETIONS = 30;
const COMPLETED = 0.9;
const SYNONYM = 0.9;
const OF_QUANTITY = 1.5;

/** What is searched in place of each word, by how common all of it is. */
export function wordSlots(candidates: Candidates, sums: WordSums): WordSlot[] {
  return candidates.words.map((word, i) => wordSlot(word, i, candidates, sums));
}

function wordSlot(word: QueryWord, at: number, candidates: Candidates, sums: WordSums): WordSlot {
  const { words, joins, splits, standIns, prefix, isPiece } = candidates;
  const df = sums.df(word.word);
  const choices: Choice[] = [];
  const seen = new Set<string>();
  const add = (parts: readonly string[], weight: number, why: Why): void => {
    const key = parts.join(' ');
    if (seen.has(key) || parts.some((part) => sums.df(part) === 0)) return;
    seen.add(key);
    choices.push({ words: parts, weight, why });
  };
  for (const [i, variant] of word.variants.entries()) {
    add(variant.words, variant.weight, i === 0 ? 'typed' : 'equal');
  }
  for (const join of joins) {
    if (join.at !== at && join.at !== at - 1) continue;
    const adjacent = sums.adjacent(...join.pair);
    if (isJoin(join, sums.df(join.joined), adjacent)) add([join.joined], 1, 'joined');
  }
  for (const variant of splitsOf(df, splits[at] ?? [], sums)) {
    add(variant.words, variant.weight, 'split');
  }
  const isBeginning = prefix !== undefined && at === words.length - 1;
  const completions = isBeginning ? sums.prefixed(prefix).slice(0, MAX_COMPLETIONS) : [];
  let completed = 0;
  for (const completion of completions) {
    completed += completion.df;
    if (seen.has(completion.word)) continue;
    seen.add(completion.word);
    choices.push({ words: [completion.word], weight: COMPLETED, why: 'completed' });
  }
  let alike = 0;
  for (const standIn of standIns[at] ?? []) {
    add(standIn.words, SYNONYM, 'synonym');
    if (standIn.length === 1) alike = Math.max(alike, leastDf(standIn.words, sums));
  }
  const isTypo = choices.length === 0 && toleranceOf(word, df) > 0;
  const near = isTypo ? nearest(word, sums) : [];
  const beside = (candidate: string): number =>
    pairsBeside(words, at, candidate, sums).reduce((sum, pair) => sum + sums.adjacent(...pair), 0);
  const corrections = chooseCorrections(near, word, { isPiece, live: sums.live, beside });
  for (const { word: correction, weight } of corrections) {
    choices.push({ words: [correction], weight, why: 'corrected' });
  }
  const whole = isWhole(word, isPiece);
  const common = Math.max(completed, alike, corrections[0]?.df ?? 0, commonness(choices[0], sums));
  return {
    ...{ word, df, corrections },
    others: othersOf(corrections, whole ? [] : near),
    alternatives: choices,
    idf: idfOf(word, sums.live, common),
    isWhole: whole,
    isKnown: whole || choices.length > 0,
  };
}

function othersOf([first, ...rest]: readonly Correction[], near: readonly Candidate[]): string[] {
  if (first === undefined) return near.map(({ word }) => word);
  return rest.filter(({ distance }) => distance === first.distance).map(({ word }) => word);
}

function splitsOf(df: number, splits: Parameters<typeof chooseSplits>[1], sums: WordSums) {
  if (splits.length === 0) return [];
  const counts = splits.map(({ pair }) => {
    const first = sums.df(pair[0]);
    const second = first === 0 ? 0 : sums.df(pair[1]);
    return { first, second, adjacent: second === 0 ? 0 : sums.adjacent(...pair) };
  });
  return chooseSplits(df, splits, counts);
}

/** Products have all of the words at most as often as the rarest. */
function commonness(choice: Choice | undefined, sums: WordSums): number {
  if (choice === undefined || choice.why === 'corrected') return 0;
  return leastDf(choice.words, sums);
}

/** No more products than this have all of the words. */
function leastDf(words: readonly string[], sums: WordSums): number {
  return Math.min(...words.map((word) => sums.df(word)));
}

/** How much a word counts: a product of another quantity is a wrong one, however well the rest fits. */
function idfOf({ kind }: QueryWord, live: number, df: number): number {
  return idf(live, df) * (kind === 'quantity' ? OF_QUANTITY : 1);
}

/** Robertson and Spärck Jones' weight of a word, never negative: Lucene's BM25 has it so. */
function idf(live: number, df: number): number {
  // Counts of two moments may contradict each other.
  const all = Math.max(live, df);
  return Math.log(1 + (all - df + 0.5) / (df + 0.5));
}

/** A slot as an explanation shows it. */
export function explainedSlot({ word, df, idf, isKnown, alternatives }: WordSlot): WordExplanation {
  return { text: word.text, word: word.word, df, idf, isKnown, alternatives };
}
