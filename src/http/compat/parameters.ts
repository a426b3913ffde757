import { invalidField } from '../../core/errors.js';
import { describeValue } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/product.js';

/**
 * The parameters of one search, from a query string (all texts) or a body; remembers which of them
 * were asked for, so that all others can be named as ignored.
 */
export class Parameters {
  private readonly read = new Set<string>();

  constructor(private readonly values: Readonly<JsonObject>) {}

  /** As sent; null and '' count as absent. */
  value(name: string): JsonValue | undefined {
    this.read.add(name);
    const value = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
    return value === null || value === '' ? undefined : value;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw invalidField(name, `must be a text, got ${describeValue(value)}`);
  }

  integer(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    const expected = `must be an integer from ${least} to ${most}`;
    throw invalidField(name, `${expected}, got ${describeValue(this.values[name])}`);
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined || text === 'true') return text === undefined ? undefined : true;
    if (text === 'false') return false;
    throw invalidField(name, `must be true or false, got ${describeValue(this.values[name])}`);
  }

  /** Texts with commas between, or a list of texts; those within parentheses are not cut. */
  list(name: string): string[] {
    const value = this.value(name);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    return splitList(this.text(name) ?? '');
  }

  get names(): string[] {
    return Object.keys(this.values);
  }

  /** Throws for a parameter that is not served, unless its value is one of `harmless`. */
  refuse(name: string, why: string, harmless: ReadonlySet<unknown>): void {
    const value = this.value(name);
    if (value !== undefined && !harmless.has(value))
      throw invalidField(name, `is not served: ${why}`);
  }

  /** Those that nobody asked for. */
  ignored(): string[] {
    return this.names.filter((name) => !this.read.has(name));
  }
}

/** Cuts at commas outside of parentheses, brackets and braces; empty parts are left out. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let open = 0;
  let start = 0;
  const end = (at: number): void => {
    const part = text.slice(start, at).trim();
    if (part !== '') parts.push(part);
    start = at + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if ('([{'.includes(character)) open += 1;
    else if (')]}'.includes(character)) open -= 1;
    else if (character === ',' && open <= 0) end(at);
  }
  end(text.length);
  return parts;
}
