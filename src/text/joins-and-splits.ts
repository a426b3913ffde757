import { analyzerOf } from './analyzer.js';
import type { QueryWord, Variant } from './parse-query.js';
import type { Language } from './text-settings.js';

/** Two neighbours of a query that may be one word in a product: `head phones`, `dcs-8325lh`. */
export interface Join {
  /** Of the first in the query's words. */
  at: number;
  pair: readonly [string, string];
  joined: string;
  /** A sign stood between them, no blank. */
  isChunk: boolean;
}

/** Two words that one word of a query may be in a product. */
export interface Split {
  pair: readonly [string, string];
  /** At a border of letters and digits; between letters; between letters with a linking sound left out. */
  kind: 'border' | 'inside' | 'linked';
}

/** What is known of a pair: its words' document frequencies and the titles that have the one directly before the other. */
export interface PairCounts {
  first: number;
  second: number;
  adjacent: number;
}

const LEAST_JOINED = 3;
const LEAST_ADJACENT = 2;
/** So many times more titles have two words than have the one. */
const ADJACENT_FACTOR = 5;
const RARE = 2;
const SHORTEST_PART = 2;
/** Shorter words are found inside of almost any. */
const SHORTEST_OF_COMPOUND = 4;
const LONGEST = 30;
/** German puts these between the words of a compound: Arbeit-s-platz, Farbe-n-lehre. */
const LINKING = ['es', 'en', 's', 'n'];
const COMPOUND_WEIGHT = 0.8;

/** The joins to count: for each, the df of `joined` and the titles with `pair`. */
export function possibleJoins(words: readonly QueryWord[], language: Language): Join[] {
  const { lexicon } = analyzerOf(language);
  return words.flatMap((first, at) => {
    const second = words[at + 1];
    if (second === undefined || !isOpen(first) || !isOpen(second)) return [];
    const joined = lexicon.intern(first.plain + second.plain).text;
    return [{ at, pair: [first.word, second.word] as const, joined, isChunk: first.joinsNext }];
  });
}

/** Whether `join.joined` may stand for its pair. What was typed without a blank is meant as one word, however rare. */
export function isJoin(join: Join, joinedDf: number, adjacent: number): boolean {
  return joinedDf >= adjacent && joinedDf >= (join.isChunk ? 1 : LEAST_JOINED);
}

/** The splits of a word to count: for each the df of both parts, and the titles with the pair. */
export function possibleSplits(word: QueryWord, language: Language): Split[] {
  const { plain } = word;
  if (!isOpen(word) || plain.length > LONGEST) return [];
  const { lexicon } = analyzerOf(language);
  const splits: Split[] = [];
  const add = (kind: Split['kind'], first: string, second: string): void => {
    splits.push({ kind, pair: [lexicon.intern(first).text, lexicon.intern(second).text] });
  };
  for (let cut = 1; cut < plain.length; cut++) {
    const first = plain.slice(0, cut);
    const second = plain.slice(cut);
    if (word.kind === 'number') {
      if (isBorder(first, second)) add('border', first, second);
      continue;
    }
    if (first.length >= SHORTEST_PART && second.length >= SHORTEST_PART)
      add('inside', first, second);
    if (second.length < SHORTEST_OF_COMPOUND) continue;
    for (const sound of LINKING) {
      const stem = first.slice(0, -sound.length);
      if (stem.length >= SHORTEST_OF_COMPOUND && first.endsWith(sound)) add('linked', stem, second);
    }
  }
  return splits;
}

/** What may stand for a word of document frequency `df`, given the counts of its splits, in their order. */
export function chooseSplits(
  df: number,
  splits: readonly Split[],
  counts: readonly PairCounts[],
): Variant[] {
  let border: Ranked | undefined;
  let beside: Ranked | undefined;
  let compound: Ranked | undefined;
  splits.forEach((split, at) => {
    const { first, second, adjacent } = counts[at] ?? { first: 0, second: 0, adjacent: 0 };
    const least = Math.min(first, second);
    if (least === 0) return;
    if (split.kind === 'border') {
      if (df <= RARE) border = better(border, split, least);
    } else if (
      split.kind === 'inside' &&
      adjacent >= Math.max(LEAST_ADJACENT, ADJACENT_FACTOR * df)
    ) {
      beside = better(beside, split, adjacent);
    } else if (df === 0 && least >= LEAST_ADJACENT && isCompound(split)) {
      compound = better(compound, split, least);
    }
  });
  const known = [border, beside].flatMap((best) =>
    best === undefined ? [] : [{ words: best.pair, weight: 1 }],
  );
  if (known.length > 0 || compound === undefined) return known;
  return [{ words: compound.pair, weight: COMPOUND_WEIGHT }];
}

interface Ranked {
  pair: readonly [string, string];
  rank: number;
}

function better(best: Ranked | undefined, { pair }: Split, rank: number): Ranked {
  return best !== undefined && best.rank >= rank ? best : { pair, rank };
}

function isCompound({ pair: [first, second] }: Split): boolean {
  return first.length >= SHORTEST_OF_COMPOUND && second.length >= SHORTEST_OF_COMPOUND;
}

function isOpen(word: QueryWord): boolean {
  return word.kind !== 'quantity' && !word.isQuoted;
}

function isBorder(first: string, second: string): boolean {
  return /\p{N}$/u.test(first) !== /^\p{N}/u.test(second);
}
