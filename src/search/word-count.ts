import { compareBytes } from '../core/ids.js';
import type { NearWord, WordCounts } from '../protocol/messages.js';
import type { Pinned } from '../shard-client/leaf-calls.js';
import { joined, NO_STATES, type RowStates } from './row-states.js';

/** What is to be counted in a tenant's catalogue. */
export interface WordQuestions {
  /** As they were typed: how many products have each. */
  words: readonly string[];
  /** The same of words that may stand in their place. */
  derived: readonly string[];
  /** The words whose near spellings are wanted. */
  near: readonly string[];
  /** How many titles have the first directly before the second. */
  pairs: readonly (readonly [string, string])[];
  /** The commonest words that begin so. */
  prefix: string | undefined;
}

/** The answer to one question: a number, or words with theirs. */
export interface Count {
  df: number;
  list: readonly NearWord[];
}

const NOTHING: Count = { df: 0, list: [] };

/** One question by the name under which its answer is kept. */
export interface Question {
  key: string;
  /** Whoever asks must not be told of a moment ago that there is none: it may just have been written. */
  isTyped: boolean;
  add(message: Asked): void;
}

/** The questions of one message, as they are gathered. */
export interface Asked {
  words: string[];
  near: string[];
  pairs: [string, string][];
  prefix: string | undefined;
}

const LIVE = 'l';

/** Every question once, with the number of live products among them. `scope` says whose. */
export function questionsOf(asked: WordQuestions, scope: string): Question[] {
  const questions = new Map<string, Question>();
  const put = (key: string, isTyped: boolean, add: Question['add']): void => {
    if (questions.get(key)?.isTyped !== true) questions.set(key, { key, isTyped, add });
  };
  put(scope + LIVE, true, () => undefined);
  for (const word of asked.words) put(dfKey(scope, word), true, ({ words }) => words.push(word));
  for (const word of asked.derived) put(dfKey(scope, word), false, ({ words }) => words.push(word));
  for (const word of asked.near) put(nearKey(scope, word), false, ({ near }) => near.push(word));
  for (const [a, b] of asked.pairs) {
    put(pairKey(scope, a, b), false, ({ pairs }) => pairs.push([a, b]));
  }
  const { prefix } = asked;
  if (prefix !== undefined) {
    put(prefixKey(scope, prefix), false, (message) => (message.prefix = prefix));
  }
  return [...questions.values()];
}

/** What one shard counted, by the keys of the questions. */
export function answersOf(asked: Asked, counts: WordCounts, scope: string): Map<string, Count> {
  const answers = new Map<string, Count>();
  const number = (key: string, df: number | undefined): void => {
    answers.set(key, { df: df ?? 0, list: [] });
  };
  number(scope + LIVE, counts.live);
  asked.words.forEach((word, i) => number(dfKey(scope, word), counts.df[i]));
  asked.pairs.forEach(([a, b], i) => number(pairKey(scope, a, b), counts.adjacent[i]));
  asked.near.forEach((word, i) => {
    answers.set(nearKey(scope, word), { df: 0, list: counts.near[i] ?? [] });
  });
  if (asked.prefix !== undefined) {
    const list = counts.prefixed.map(({ word, df }) => ({ word, df, distance: 0 }));
    answers.set(prefixKey(scope, asked.prefix), { df: 0, list });
  }
  return answers;
}

/** What several shards counted, as of one: their rows are different ones. */
export function sumOf(parts: Iterable<Count>): Count {
  let df = 0;
  const words = new Map<string, NearWord>();
  for (const part of parts) {
    df += part.df;
    for (const near of part.list) {
      const before = words.get(near.word);
      words.set(near.word, before === undefined ? near : { ...near, df: before.df + near.df });
    }
  }
  return { df, list: [...words.values()].sort(byNearness) };
}

/** Nearest first, then commonest; words in byte order decide, so that shards do not. */
function byNearness(a: NearWord, b: NearWord): number {
  return a.distance - b.distance || b.df - a.df || compareBytes(a.word, b.word);
}

/** Of which rows words were counted. */
export interface CountedStates {
  /** Those of before: it is to be seen whether they are as they were. */
  relied: RowStates;
  /** Those of all counts; undefined: of different states, or not all shards told. */
  basis: RowStates | undefined;
}

const NO_COUNTED: CountedStates = { relied: NO_STATES, basis: NO_STATES };

/** How common words are in a tenant's catalogue, over all its shards. */
export class WordSums {
  /**
   * @param isApproximate the last known counts stand for those of a shard that does not answer
   * @param pins under which name each shard keeps what it counted; empty outside of exact mode
   * @param states of the rows that were counted
   */
  constructor(
    private readonly scope: string,
    private readonly counts: ReadonlyMap<string, Count>,
    readonly isApproximate: boolean,
    readonly pins: ReadonlyMap<string, Pinned>,
    readonly states: CountedStates = NO_COUNTED,
  ) {}

  /** Both together, of the same catalogue; of what both counted this one's stands, which may be pinned. */
  and(more: WordSums): WordSums {
    const counts = new Map([...more.counts, ...this.counts]);
    const isApproximate = this.isApproximate || more.isApproximate;
    // What was counted later was counted of the same rows, or anew.
    const [mine, theirs] = [this.states, more.states];
    const relied = theirs.relied.size > 0 ? theirs.relied : mine.relied;
    const basis = mine.basis && theirs.basis && joined(mine.basis, theirs.basis);
    return new WordSums(this.scope, counts, isApproximate, this.pins, { relied, basis });
  }

  /** Live products. */
  get live(): number {
    return this.get(this.scope + LIVE).df;
  }

  df(word: string): number {
    return this.get(dfKey(this.scope, word)).df;
  }

  near(word: string): readonly NearWord[] {
    return this.get(nearKey(this.scope, word)).list;
  }

  adjacent(a: string, b: string): number {
    return this.get(pairKey(this.scope, a, b)).df;
  }

  prefixed(prefix: string): readonly NearWord[] {
    return this.get(prefixKey(this.scope, prefix)).list;
  }

  private get(key: string): Count {
    return this.counts.get(key) ?? NOTHING;
  }
}

/** Where nothing was asked. */
export const NO_SUMS = new WordSums('', new Map(), false, new Map());

const dfKey = (scope: string, word: string): string => `${scope}w${word}`;
const nearKey = (scope: string, word: string): string => `${scope}n${word}`;
const pairKey = (scope: string, a: string, b: string): string => `${scope}a${a} ${b}`;
const prefixKey = (scope: string, prefix: string): string => `${scope}p${prefix}`;
