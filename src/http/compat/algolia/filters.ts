import { invalidField, type OmniError } from '../../../core/errors.js';
import { describeValue } from '../../../core/json.js';
import { MATCH_ALL, type Filter } from '../../../filter/filter.js';
import { allOf, anyOf, not, someOf } from '../comparisons.js';
import type { FilterBounds } from '../filter-bounds.js';
import { comparisonOf } from './facet-filters.js';
import { filterWords, type FilterWord } from './filter-words.js';

/** `brand:"Acme" AND (price < 10 OR NOT color:red)` as a syntax tree. Throws `invalid_field`. */
export function parseFilters(text: string, bounds: FilterBounds): Filter {
  if (text.trim() === '') return MATCH_ALL;
  bounds.text(text);
  const words = filterWords(text);
  if (words === undefined) throw invalidField(bounds.parameter, 'must close every quote');
  return new FiltersParser(words, bounds).parse();
}

/** Recursive descent; `AND` binds tighter than `OR`, `NOT` tightest. */
class FiltersParser {
  private at = 0;

  constructor(
    private readonly words: readonly FilterWord[],
    private readonly bounds: FilterBounds,
  ) {}

  parse(): Filter {
    const filter = this.alternatives(0);
    if (this.at < this.words.length) throw this.expected('AND, OR or the end');
    return filter;
  }

  private alternatives(depth: number): Filter {
    this.bounds.nested(depth);
    const parts = [this.conditions(depth)];
    while (this.take('OR')) parts.push(this.conditions(depth));
    return someOf(parts);
  }

  private conditions(depth: number): Filter {
    const parts = [this.condition(depth)];
    while (this.take('AND')) parts.push(this.condition(depth));
    return allOf(parts);
  }

  private condition(depth: number): Filter {
    if (this.take('NOT')) {
      this.bounds.nested(depth);
      return not(this.condition(depth + 1));
    }
    if (!this.take('(')) return this.clause();
    const inner = this.alternatives(depth + 1);
    if (!this.take(')')) throw this.expected('AND, OR or )');
    return inner;
  }

  private clause(): Filter {
    this.bounds.clause();
    this.bounds.value();
    const word = this.words[this.at];
    if (word?.kind === 'facet') {
      this.at += 1;
      return anyOf(word.field, [word.value]);
    }
    const comparison = word?.kind === 'text' ? comparisonOf(word.text) : undefined;
    if (comparison === undefined) throw this.expected('field:value or a comparison');
    this.at += 1;
    return comparison;
  }

  private take(kind: FilterWord['kind']): boolean {
    if (this.words[this.at]?.kind !== kind) return false;
    this.at += 1;
    return true;
  }

  private expected(what: string): OmniError {
    const word = this.words[this.at];
    let got = 'its end';
    if (word?.kind === 'text') got = describeValue(word.text);
    else if (word?.kind === 'facet') got = describeValue(`${word.field}:${word.value}`);
    else if (word !== undefined) got = word.kind;
    const { parameter } = this.bounds;
    return invalidField(parameter, `could not be parsed: expected ${what}, got ${got}`);
  }
}
