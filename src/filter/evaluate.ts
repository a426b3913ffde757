import { compareBytes } from '../core/ids.js';
import { composed, fieldValue } from '../core/product-fields.js';
import type { JsonValue, Product } from '../core/product.js';
import type { Comparison, Filter, Leaf, RangeOperator, Scalar } from './filter.js';

/** The values of long sets, made once a filter: a list of 1,000 is not to be gone through a value. */
const sets = new WeakMap<readonly Scalar[], ReadonlySet<Scalar>>();
const SHORT = 8;

/**
 * Whether one scalar of a product satisfies a comparison. A value of another type than the
 * comparison's never does; strings are ordered by code point.
 */
export function leafMatches(leaf: Comparison, value: Scalar): boolean {
  if (leaf.kind === 'range') return inRange(leaf.op, value, leaf.value);
  return leaf.values.length <= SHORT ? leaf.values.includes(value) : setOf(leaf.values).has(value);
}

function setOf(values: readonly Scalar[]): ReadonlySet<Scalar> {
  let set = sets.get(values);
  if (set === undefined) {
    set = new Set(values);
    sets.set(values, set);
  }
  return set;
}

/**
 * A filter to be asked of one document after the other: what the join asks of what the store holds
 * now. Whatever the number of clauses, a field's list is gone through once a document: for all sets
 * together, and for its least and greatest elements, which decide every range.
 */
export class DocumentFilter {
  private readonly fields = new Map<string, FieldView>();

  constructor(private readonly filter: Filter) {
    this.prepare(filter);
  }

  matches(product: Product): boolean {
    for (const view of this.fields.values()) view.open(product);
    return this.holds(this.filter);
  }

  private prepare(filter: Filter): void {
    if (filter.kind === 'not') this.prepare(filter.of);
    else if (filter.kind === 'and' || filter.kind === 'or')
      filter.of.forEach((p) => this.prepare(p));
    else {
      const view = this.fields.get(filter.field) ?? new FieldView(filter.field);
      this.fields.set(filter.field, view);
      view.prepare(filter);
    }
  }

  private holds(filter: Filter): boolean {
    switch (filter.kind) {
      case 'and':
        return filter.of.every((part) => this.holds(part));
      case 'or':
        return filter.of.some((part) => this.holds(part));
      case 'not':
        return !this.holds(filter.of);
      case 'in':
      case 'range':
      case 'exists':
        return this.fields.get(filter.field)?.satisfies(filter) ?? false;
    }
  }
}

/** One field of the document at hand, and all that the filter asks of it. */
class FieldView {
  /** Values that some set of the filter names. */
  private readonly named = new Set<Scalar>();
  private value: JsonValue | undefined;
  private list: ListFacts | undefined;

  constructor(private readonly field: string) {}

  prepare(leaf: Leaf): void {
    if (leaf.kind === 'in') for (const value of leaf.values) this.named.add(value);
  }

  open(product: Product): void {
    const value = fieldValue(product, this.field);
    this.value = typeof value === 'string' ? composed(value) : value;
    this.list = undefined;
  }

  /** A list matches when any element does; null, objects and what is missing satisfy nothing. */
  satisfies(leaf: Leaf): boolean {
    const { value } = this;
    if (leaf.kind === 'exists') return leaf.exists === this.exists();
    if (!Array.isArray(value)) return isScalar(value) && leafMatches(leaf, value);
    this.list ??= factsOf(value, this.named);
    const { found, numbers, texts } = this.list;
    if (leaf.kind === 'in') return leaf.values.some((wanted) => found.has(wanted));
    const ends = typeof leaf.value === 'number' ? numbers : texts;
    if (ends === undefined) return false;
    const isUpward = leaf.op === 'gt' || leaf.op === 'gte';
    return inRange(leaf.op, isUpward ? ends.greatest : ends.least, leaf.value);
  }

  private exists(): boolean {
    const { value } = this;
    return Array.isArray(value) ? value.some(isScalar) : isScalar(value);
  }
}

/** What of a list decides every comparison with it. */
interface ListFacts {
  /** Of the values asked for, those that it holds. */
  found: ReadonlySet<Scalar>;
  numbers: Ends | undefined;
  texts: Ends | undefined;
}

interface Ends {
  least: string | number;
  greatest: string | number;
}

function factsOf(list: readonly JsonValue[], named: ReadonlySet<Scalar>): ListFacts {
  const found = new Set<Scalar>();
  let numbers: Ends | undefined;
  let texts: Ends | undefined;
  for (const sent of list) {
    if (!isScalar(sent)) continue;
    const item = typeof sent === 'string' ? composed(sent) : sent;
    if (named.has(item)) found.add(item);
    if (typeof item === 'number') numbers = widened(numbers, item);
    else if (typeof item === 'string') texts = widened(texts, item);
  }
  return { found, numbers, texts };
}

function widened(ends: Ends | undefined, value: string | number): Ends {
  if (ends === undefined) return { least: value, greatest: value };
  if (inRange('lt', value, ends.least)) ends.least = value;
  else if (inRange('gt', value, ends.greatest)) ends.greatest = value;
  return ends;
}

/** False also for what has no order. */
function inRange(op: RangeOperator, value: Scalar, bound: string | number): boolean {
  let order: number;
  if (typeof value === 'number' && typeof bound === 'number') order = value - bound;
  else if (typeof value === 'string' && typeof bound === 'string')
    order = compareBytes(value, bound);
  else return false;
  switch (op) {
    case 'gt':
      return order > 0;
    case 'gte':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'lte':
      return order <= 0;
  }
}

function isScalar(value: JsonValue | undefined): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
