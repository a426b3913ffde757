import { invalidField } from '../core/errors.js';
import { isObject } from '../core/json.js';
import { composed } from '../core/product-fields.js';
import { MATCH_ALL, type Filter, type Leaf, type Scalar } from './filter.js';

const MAX_DEPTH = 8;
const MAX_CLAUSES = 100;
const MAX_VALUES = 1_000;
const OPERATORS = 'gt, gte, lt, lte, eq, ne, in, not_in or exists';
/** What products have in these fields, where they have them: anything else is a mistake of the caller. */
const TYPES: ReadonlyMap<string, 'string' | 'number' | 'boolean'> = new Map([
  ['price', 'number'],
  ['in_stock', 'boolean'],
  ['title', 'string'],
  ['brand', 'string'],
  ['category', 'string'],
]);

/**
 * The syntax tree of a filter in its wire form. Throws `invalid_field` whose field says where
 * (`filter.or[1].price.lte`) and whose message says what was expected. `path` is where the filter
 * itself stands in the request.
 */
export function parseFilter(json: unknown, path = 'filter'): Filter {
  return new FilterParser(path).conditions(json, path, 0);
}

/** Recursive descent, with the bounds that hold for the filter as a whole. */
class FilterParser {
  private clauses = 0;
  private values = 0;

  constructor(private readonly root: string) {}

  /** An object of conditions that must all hold. `depth` counts the `or`s and `not`s around it. */
  conditions(json: unknown, path: string, depth: number): Filter {
    if (!isObject(json)) throw invalidField(path, `must be an object, got ${kindOf(json)}`);
    if (depth > MAX_DEPTH) {
      throw invalidField(this.root, `must be nested at most ${MAX_DEPTH} levels deep`);
    }
    const entries = Object.entries(json);
    // Counted too: a long list of empty filters is work as well.
    if (entries.length === 0) this.countClause();
    return allOf(
      entries.map(([key, value]) => this.condition(key, value, `${path}.${key}`, depth)),
    );
  }

  private condition(key: string, json: unknown, path: string, depth: number): Filter {
    if (key === 'not') return { kind: 'not', of: this.conditions(json, path, depth + 1) };
    if (key === 'or') return this.alternatives(json, path, depth + 1);
    return this.comparisons(key, json, path);
  }

  private alternatives(json: unknown, path: string, depth: number): Filter {
    if (!Array.isArray(json)) throw invalidField(path, `must be a list, got ${kindOf(json)}`);
    if (json.length === 0) this.countClause();
    const of = json.map((part, i) => this.conditions(part, `${path}[${i}]`, depth));
    return { kind: 'or', of };
  }

  /** What is asked of one field. */
  private comparisons(field: string, json: unknown, path: string): Filter {
    if (Array.isArray(json)) return this.anyOf(field, json, path);
    if (!isObject(json)) return this.equals(field, json, path);
    const entries = Object.entries(json);
    if (entries.length === 0) throw invalidField(path, `must hold ${OPERATORS}, got {}`);
    return allOf(entries.map(([op, value]) => this.comparison(field, op, value, `${path}.${op}`)));
  }

  private comparison(field: string, op: string, json: unknown, path: string): Filter {
    switch (op) {
      case 'eq':
        return this.equals(field, json, path);
      case 'ne':
        return { kind: 'not', of: this.equals(field, json, path) };
      case 'in':
        return this.anyOf(field, json, path);
      case 'not_in':
        return { kind: 'not', of: this.anyOf(field, json, path) };
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte':
        return this.range(field, op, json, path);
      case 'exists':
        return this.exists(field, json, path);
      default:
        throw invalidField(path, `is not an operator: expected ${OPERATORS}`);
    }
  }

  private equals(field: string, json: unknown, path: string): Filter {
    this.countClause();
    if (json === null) return this.absent(field);
    return { kind: 'in', field, values: [this.scalar(field, json, path)] };
  }

  /** Null among the values stands for those that have none. */
  private anyOf(field: string, json: unknown, path: string): Filter {
    if (!Array.isArray(json)) throw invalidField(path, `must be a list, got ${kindOf(json)}`);
    this.countClause();
    const values = new Set<Scalar>();
    let absent: Leaf | undefined;
    for (const [i, value] of json.entries()) {
      if (value === null) absent = this.absent(field);
      else values.add(this.scalar(field, value, `${path}[${i}]`));
    }
    const named: Leaf = { kind: 'in', field, values: [...values] };
    if (absent === undefined) return named;
    return values.size === 0 ? absent : { kind: 'or', of: [named, absent] };
  }

  private exists(field: string, json: unknown, path: string): Leaf {
    this.countClause();
    if (typeof json === 'boolean') return { kind: 'exists', field, exists: json };
    throw invalidField(path, `must be true or false, got ${kindOf(json)}`);
  }

  private absent(field: string): Leaf {
    this.countValue();
    return { kind: 'exists', field, exists: false };
  }

  private range(field: string, op: 'gt' | 'gte' | 'lt' | 'lte', json: unknown, path: string): Leaf {
    this.countClause();
    const value = this.scalar(field, json, path);
    if (typeof value === 'boolean') {
      throw invalidField(path, 'must be a number or a string, got a boolean');
    }
    return { kind: 'range', field, op, value };
  }

  private scalar(field: string, json: unknown, path: string): Scalar {
    this.countValue();
    const type = TYPES.get(field);
    if (type !== undefined && typeof json !== type) {
      throw invalidField(path, `must be a ${type}, got ${kindOf(json)}`);
    }
    if (typeof json === 'string') return composed(json);
    if (typeof json === 'boolean') return json;
    if (typeof json === 'number') {
      if (!Number.isFinite(json)) throw invalidField(path, `must be a finite number, got ${json}`);
      return json === 0 ? 0 : json; // one zero: -0 would be kept apart by some encodings
    }
    throw invalidField(path, `must be a string, a number or a boolean, got ${kindOf(json)}`);
  }

  private countValue(): void {
    this.values += 1;
    if (this.values > MAX_VALUES) {
      throw invalidField(this.root, `must hold at most ${MAX_VALUES} values`);
    }
  }

  private countClause(): void {
    this.clauses += 1;
    if (this.clauses > MAX_CLAUSES) {
      throw invalidField(this.root, `must hold at most ${MAX_CLAUSES} clauses`);
    }
  }
}

function allOf(parts: Filter[]): Filter {
  const [first] = parts;
  if (first === undefined) return MATCH_ALL;
  return parts.length === 1 ? first : { kind: 'and', of: parts };
}

function kindOf(json: unknown): string {
  if (json === null) return 'null';
  if (json === undefined) return 'nothing';
  if (Array.isArray(json)) return 'a list';
  return typeof json === 'object' ? 'an object' : `a ${typeof json}`;
}
