import { invalidField } from '../core/errors.js';
import { describeValue } from '../core/json.js';
import { parseQuery } from '../text/parse-query.js';
import type { TextSettings } from '../text/text-settings.js';
import { PhraseTable } from './phrase-table.js';

/** A synonym as it is sent, stored and answered: `words` stand for each other, `to` for `from`. */
export type SynonymBody = { id: string } & (
  { words: readonly string[] } | { from: string; to: readonly string[] }
);

/** What may stand for some words of a query. */
export interface StandIn {
  /** How many words of the query it stands for. */
  length: number;
  words: readonly string[];
}

export interface Synonyms {
  /** What may stand for words [i, i + length) of a query's analysed words; longer ones first. */
  at(words: readonly string[], i: number): readonly StandIn[];
}

/** For one stretch of words; each is a walk through the index. */
const MAX_STAND_INS = 50;

/** Throws `invalid_field` for words of which nothing is left that could be searched for. */
export function checkSynonym(body: SynonymBody): void {
  if ('words' in body) checkPhrases(body.words, 'words');
  else {
    checkPhrases([body.from], 'from');
    checkPhrases(body.to, 'to');
  }
}

function checkPhrases(phrases: readonly string[], path: string): void {
  for (const [i, phrase] of phrases.entries()) {
    if (parseQuery(phrase, PLAIN).words.length > 0) continue;
    const place = path === 'from' ? path : `${path}[${i}]`;
    throw invalidField(place, `must have a word, got ${describeValue(phrase)}`);
  }
}

/** Whatever the settings, a text has words or has none. */
const PLAIN: TextSettings = {
  searchable: [],
  identifiers: [],
  stopWords: [],
  language: 'none',
  generation: 0,
};

/** A tenant's synonyms, their words made as those of its queries are. */
export class SynonymTable implements Synonyms {
  /** To phrases of which each may stand for those words. */
  private readonly table = new PhraseTable<readonly (readonly string[])[]>();

  constructor(private readonly settings: TextSettings) {}

  add(body: SynonymBody): void {
    const wordsOf = (phrase: string): string[] =>
      parseQuery(phrase, this.settings).words.map(({ word }) => word);
    const from = ('words' in body ? body.words : [body.from]).map(wordsOf);
    const to = 'words' in body ? from : body.to.map(wordsOf);
    for (const words of from) this.table.add(words, to);
  }

  at(words: readonly string[], i: number): readonly StandIn[] {
    return this.table.at(words, i).flatMap(({ length, values }) => {
      const typed = words.slice(i, i + length);
      const others = values.flat().filter((other) => other.length > 0 && !isSame(other, typed));
      return others.slice(0, MAX_STAND_INS).map((other) => ({ length, words: other }));
    });
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
