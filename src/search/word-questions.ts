import type { StandIn, Synonyms } from '../merchandising/synonyms.js';
import { isWhole, toleranceOf, unsureCandidates, type Candidate } from '../text/corrections.js';
import {
  chooseSplits,
  isJoin,
  possibleJoins,
  possibleSplits,
  type Join,
  type Split,
} from '../text/joins-and-splits.js';
import type { ParsedQuery, QueryWord } from '../text/parse-query.js';
import type { Language } from '../text/text-settings.js';
import type { WordQuestions, WordSums } from './word-count.js';

/** What may stand in place of a query's words, as far as the words alone tell. */
export interface Candidates {
  words: readonly QueryWord[];
  joins: readonly Join[];
  /** A list each word. */
  splits: readonly (readonly Split[])[];
  /** A list each word: what may stand for it, or for it and its neighbours together. */
  standIns: readonly (readonly StandIn[])[];
  /** The beginning of a word that the last one is. */
  prefix: string | undefined;
  isPiece: (word: string) => boolean;
}

/** Of longer queries only the first words are taken apart, or beside others: each has some twenty pairs. */
const MAX_SPLIT_WORDS = 12;
/** For one word: each is a walk through the index. */
const MAX_STAND_INS = 30;
const NO_QUESTIONS: WordQuestions = {
  ...{ words: [], derived: [], near: [], pairs: [] },
  prefix: undefined,
};

export function candidatesOf(
  { words, lastIsOpen }: ParsedQuery,
  language: Language,
  isPrefix: boolean,
  isPiece: (word: string) => boolean,
  synonyms: Synonyms | undefined,
): Candidates {
  const last = words.at(-1);
  return {
    words,
    joins: possibleJoins(words, language),
    splits: words.map((word, i) =>
      // A word that means something by itself is not two.
      i >= MAX_SPLIT_WORDS || isWhole(word, isPiece) ? [] : possibleSplits(word, language),
    ),
    standIns: standInsOf(words, synonyms),
    prefix: isPrefix && lastIsOpen && last !== undefined ? last.plain : undefined,
    isPiece,
  };
}

/**
 * What stands for several words may stand for each of them: who has either (both words) or (the synonym) has (the first
 * or the synonym) and (the second or the synonym).
 */
function standInsOf(
  words: readonly QueryWord[],
  synonyms: Synonyms | undefined,
): readonly (readonly StandIn[])[] {
  const lists = words.map((): StandIn[] => []);
  const typed = words.map(({ word }) => word);
  for (const at of words.keys()) {
    for (const standIn of synonyms?.at(typed, at) ?? []) {
      const end = at + standIn.length;
      if (words.slice(at, end).some(({ isQuoted }) => isQuoted)) continue;
      const places = lists.slice(at, end);
      // In all of them or in none.
      if (places.some(({ length }) => length === MAX_STAND_INS)) continue;
      for (const list of places) list.push(standIn);
    }
  }
  return lists;
}

/**
 * A misspelt word as it is looked up: as products would have it, and as it was typed, since `wireles` is
 * no plural.
 */
function misspelt({ word, plain }: QueryWord): string[] {
  return plain === word ? [word] : [word, plain];
}

/** The words near to either form of a word, each once. */
export function nearest(word: QueryWord, sums: WordSums): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const near of misspelt(word).flatMap((form) => sums.near(form))) {
    const before = found.get(near.word);
    if (before === undefined || near.distance < before.distance) found.set(near.word, near);
  }
  return [...found.values()];
}

/** `candidate`, in place of the word at `at`, with those of that one's neighbours that products have. */
export function pairsBeside(
  words: readonly QueryWord[],
  at: number,
  candidate: string,
  sums: WordSums,
): (readonly [string, string])[] {
  const isKnown = (word: string | undefined): word is string =>
    word !== undefined && sums.df(word) > 0;
  const [before, behind] = [words[at - 1]?.word, words[at + 1]?.word];
  return [
    ...(isKnown(before) ? [[before, candidate] as const] : []),
    ...(isKnown(behind) ? [[candidate, behind] as const] : []),
  ];
}

/** How common the words are, and what may stand in their place: cheap to answer, and mostly enough. */
export function firstQuestions({
  words,
  joins,
  splits,
  standIns,
  prefix,
}: Candidates): WordQuestions {
  return {
    words: words.map(({ word }) => word),
    derived: [
      ...words.flatMap(({ variants }) => variants.flatMap((variant) => variant.words)),
      ...joins.map(({ joined }) => joined),
      ...splits.flatMap((list) => list.flatMap(({ pair }) => pair)),
      ...standIns.flatMap((list) => list.flatMap((standIn) => standIn.words)),
    ],
    near: [],
    pairs: [],
    prefix,
  };
}

/**
 * What remains to be asked once the words are counted: spellings near to what nobody has, and
 * neighbours in titles where their number could decide. Undefined where nothing does.
 */
export function furtherQuestions(
  candidates: Candidates,
  sums: WordSums,
): WordQuestions | undefined {
  const { words, joins, splits, standIns, prefix, isPiece } = candidates;
  const near = words.filter((word, i) => {
    const isBeginning = prefix !== undefined && i === words.length - 1;
    if (isBeginning && sums.prefixed(prefix).length > 0) return false;
    const isMet = (standIn: StandIn): boolean => standIn.words.every((one) => sums.df(one) > 0);
    if (standIns[i]?.some(isMet) === true) return false;
    if (toleranceOf(word, sums.df(word.word)) === 0) return false;
    // Of what means something by itself only its neighbours tell.
    return !isWhole(word, isPiece) || pairsBeside(words, i, '', sums).length > 0;
  });
  const pairs = [
    ...joins.filter((join) => isOpenJoin(join, sums)).map(({ pair }) => pair),
    ...words.flatMap(({ word }, i) =>
      (splits[i] ?? [])
        .filter((split) => isOpenSplit(split, sums.df(word), sums))
        .map(({ pair }) => pair),
    ),
  ];
  if (near.length === 0 && pairs.length === 0) return undefined;
  return { ...NO_QUESTIONS, near: near.flatMap(misspelt), pairs };
}

/**
 * What remains once near spellings are known: titles that have them beside the other words, where the misspelt word
 * alone does not tell which was meant. Undefined where nothing does.
 */
export function besideQuestions(
  { words, isPiece }: Candidates,
  sums: WordSums,
): WordQuestions | undefined {
  const pairs = words.slice(0, MAX_SPLIT_WORDS).flatMap((word, at) => {
    if (toleranceOf(word, sums.df(word.word)) === 0) return [];
    const unsure = unsureCandidates(nearest(word, sums), word, { isPiece, live: sums.live });
    return unsure.flatMap((candidate) => pairsBeside(words, at, candidate, sums));
  });
  return pairs.length === 0 ? undefined : { ...NO_QUESTIONS, pairs };
}

/** All that words alone tell to ask in one round, for what is counted once only. */
export function allQuestions(candidates: Candidates): WordQuestions {
  const { words, joins, splits, isPiece } = candidates;
  const near = words.filter(
    (word) => toleranceOf(word, 0) > 0 && (words.length > 1 || !isWhole(word, isPiece)),
  );
  const inside = splits.flatMap((list) => list.filter(({ kind }) => kind === 'inside'));
  return {
    ...firstQuestions(candidates),
    near: near.flatMap(misspelt),
    pairs: [...joins, ...inside].map(({ pair }) => pair),
  };
}

/** Titles have two words side by side at most as often as products have the rarer of them. */
function mostAdjacent([first, second]: readonly [string, string], sums: WordSums): number {
  return Math.min(sums.df(first), sums.df(second));
}

function isOpenJoin(join: Join, sums: WordSums): boolean {
  const df = sums.df(join.joined);
  return isJoin(join, df, 0) && !isJoin(join, df, mostAdjacent(join.pair, sums));
}

function isOpenSplit(split: Split, df: number, sums: WordSums): boolean {
  if (split.kind !== 'inside') return false;
  const first = sums.df(split.pair[0]);
  if (first === 0) return false;
  const second = sums.df(split.pair[1]);
  if (second === 0) return false;
  const most = { first, second, adjacent: Math.min(first, second) };
  return chooseSplits(df, [split], [most]).length > 0;
}
