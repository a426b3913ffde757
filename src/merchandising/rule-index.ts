import { wordsInOrder } from '../text/parse-query.js';
import type { Language } from '../text/text-settings.js';
import { PhraseTable } from './phrase-table.js';
import type { Rule } from './rule.js';

/** What of a request decides which rules apply. */
export interface Occasion {
  /** Its text; undefined: it browses, or searches by vector. */
  query: string | undefined;
  /** Categories that its filter names; undefined: any. */
  categories: readonly string[] | undefined;
  tags: readonly string[];
  at: Date;
}

/** A rule with its place in the order. */
interface Placed {
  rule: Rule;
  at: number;
}

/** Rules by what they want to see, so that a search looks at few of many. */
export class RuleIndex {
  private readonly exact = new PhraseTable<Placed>();
  private readonly contains = new PhraseTable<Placed>();
  private readonly ofCategory = new Map<string, Placed[]>();
  private readonly others: Placed[] = [];
  private size = 0;

  constructor(private readonly language: Language) {}

  /** In the order in which they are to be applied. */
  add(rule: Rule): void {
    const { query, match, category } = rule;
    const placed = { rule, at: this.size++ };
    if (query !== undefined) {
      const table = match === 'exact' ? this.exact : this.contains;
      table.add(wordsInOrder(query, this.language), placed);
    } else if (category === undefined) this.others.push(placed);
    else {
      const list = this.ofCategory.get(category);
      if (list === undefined) this.ofCategory.set(category, [placed]);
      else list.push(placed);
    }
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** At most `limit` rules that apply, in order. */
  matching(occasion: Occasion, limit: number): Rule[] {
    const atMs = occasion.at.getTime();
    return [...this.candidates(occasion)]
      .filter(({ rule }) => holds(rule, occasion, atMs))
      .sort((a, b) => a.at - b.at)
      .slice(0, limit)
      .map(({ rule }) => rule);
  }

  private candidates({ query, categories }: Occasion): Set<Placed> {
    const found = new Set(this.others);
    const addAll = (more: readonly Placed[]): void => {
      for (const placed of more) found.add(placed);
    };
    for (const category of categories ?? []) addAll(this.ofCategory.get(category) ?? []);
    if (query === undefined || (this.exact.isEmpty && this.contains.isEmpty)) return found;
    const words = wordsInOrder(query, this.language);
    addAll(this.exact.whole(words));
    for (const at of words.keys()) {
      for (const { values } of this.contains.at(words, at)) addAll(values);
    }
    return found;
  }
}

function holds(rule: Rule, { categories, tags }: Occasion, atMs: number): boolean {
  if (atMs < rule.fromMs || atMs >= rule.toMs) return false;
  if (rule.category !== undefined && categories?.includes(rule.category) !== true) return false;
  return rule.tags === undefined || rule.tags.some((tag) => tags.includes(tag));
}
