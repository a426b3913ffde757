import { invalidField } from '../../../core/errors.js';
import { MATCH_ALL, type Filter } from '../../../filter/filter.js';
import {
  allOf,
  anyOf,
  between,
  compare,
  COMPARISONS,
  not,
  numberOf,
  someOf,
} from '../comparisons.js';
import { FilterBounds } from '../filter-bounds.js';
import { FilterText, type WrittenValue } from './filter-text.js';

/**
 * The syntax tree of a `filter_by`. A value is never more than a value, whatever it holds: it becomes
 * a leaf, not text that is read again. Throws `invalid_field`.
 */
export function parseFilterBy(text: string, parameter = 'filter_by'): Filter {
  if (text.trim() === '') return MATCH_ALL;
  return new FilterByParser(text, parameter).parse();
}

/** Recursive descent; `&&` binds tighter than `||`. */
class FilterByParser {
  private readonly text: FilterText;
  private readonly bounds: FilterBounds;

  constructor(
    text: string,
    private readonly parameter: string,
  ) {
    this.bounds = new FilterBounds(parameter);
    this.bounds.text(text);
    this.text = new FilterText(text, parameter);
  }

  parse(): Filter {
    const filter = this.alternatives(0);
    if (!this.text.isAtEnd) throw this.text.expected('&&, || or the end');
    return filter;
  }

  private alternatives(depth: number): Filter {
    this.bounds.nested(depth);
    const parts = [this.conditions(depth)];
    while (this.text.take('||')) parts.push(this.conditions(depth));
    return someOf(parts);
  }

  private conditions(depth: number): Filter {
    const parts = [this.condition(depth)];
    while (this.text.take('&&')) parts.push(this.condition(depth));
    return allOf(parts);
  }

  private condition(depth: number): Filter {
    if (!this.text.take('(')) return this.clause();
    const inner = this.alternatives(depth + 1);
    if (!this.text.take(')')) throw this.text.expected('&&, || or )');
    return inner;
  }

  private clause(): Filter {
    this.bounds.clause();
    if (this.text.sees('$')) throw invalidField(this.parameter, 'must not join collections');
    const field = this.text.field();
    if (this.text.take('!=') || this.text.take('!')) return not(this.equals(field));
    if (this.text.take('=')) return this.equals(field);
    for (const [written, op] of COMPARISONS) {
      if (this.text.take(written)) return compare(field, op, this.number(this.text.value()));
    }
    return this.equals(field);
  }

  /** Any of a list of values and ranges, or one value. */
  private equals(field: string): Filter {
    if (this.text.sees('(')) throw invalidField(this.parameter, 'must not ask for places (geo)');
    const values = this.text.take('[') ? this.text.list() : [this.text.value()];
    const texts: string[] = [];
    const parts: Filter[] = [];
    for (const value of values) {
      this.bounds.value();
      const part = this.special(field, value);
      if (part === undefined) texts.push(unescaped(value));
      else parts.push(part);
    }
    if (texts.length > 0) parts.push(anyOf(field, texts));
    return someOf(parts);
  }

  /** A range, a comparison, or what is refined away: a text that begins with a dash. */
  private special(field: string, { text, isQuoted }: WrittenValue): Filter | undefined {
    if (isQuoted) {
      return text.startsWith('-') && numberOf(text) === undefined
        ? not(anyOf(field, [text.slice(1)]))
        : undefined;
    }
    const [least, most, ...more] = text.split('..').map((end) => numberOf(end.trim()));
    if (least !== undefined && most !== undefined && more.length === 0) {
      return between(field, least, most);
    }
    for (const [written, op] of COMPARISONS) {
      if (!text.startsWith(written)) continue;
      return compare(field, op, this.number({ text: text.slice(written.length), isQuoted }));
    }
    if (text.endsWith('*')) throw invalidField(this.parameter, 'must not ask for beginnings (*)');
    return undefined;
  }

  private number({ text }: WrittenValue): number {
    const number = numberOf(text.trim());
    if (number !== undefined) return number;
    throw invalidField(this.parameter, `must compare with a number, got ${JSON.stringify(text)}`);
  }
}

/** Clients put a backslash before a dash that belongs to the value. */
function unescaped({ text, isQuoted }: WrittenValue): string {
  return isQuoted && text.startsWith('\\-') ? text.slice(1) : text;
}
