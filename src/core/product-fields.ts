import { isObject } from './json.js';
import type { JsonObject, JsonValue, Product } from './product.js';

/** A value that a filter can compare: null and objects are not. */
export type FieldValue = string | number | boolean | JsonValue[];

const ATTRIBUTES = 'attributes';
/**
 * Of names that reach into an object: a large object of objects would have more text in its names than
 * in itself.
 */
const MAX_PATH_LENGTH = 256;

/** All characters below are composed already. */
const MAY_BE_DECOMPOSED = /[\u0300-\uffff]/;

/**
 * Text as filters compare it, in Unicode's form NFC: an `é` of one character and one of two are the same.
 * Products keep what they were sent with.
 */
export function composed(text: string): string {
  return MAY_BE_DECOMPOSED.test(text) ? text.normalize('NFC') : text;
}

function composedValue<V extends JsonValue>(value: V): V {
  if (typeof value === 'string') return composed(value) as V;
  if (!Array.isArray(value) || !value.some(isDecomposed)) return value;
  return value.map((one) => (typeof one === 'string' ? composed(one) : one)) as V;
}

function isDecomposed(value: JsonValue): boolean {
  return typeof value === 'string' && composed(value) !== value;
}

/**
 * A product's filterable fields with their values, each name once: top-level scalars and lists,
 * `attributes.` + the whole rest as the attribute's name, and what lies deeper by its path
 * (`categories.lvl0`), also in each object of a list. What several paths of one name reach are the values
 * of one field. Null counts as absent. A top-level field whose own name begins with `attributes.` cannot
 * be filtered by, or one name would mean two things.
 */
export function filterFields(product: Product): [name: string, value: FieldValue][] {
  const fields = new FieldCollector();
  for (const [name, value] of Object.entries(product)) {
    if (name === ATTRIBUTES && isObject(value)) {
      for (const [attribute, inner] of Object.entries(value)) {
        fields.collect(`${ATTRIBUTES}.${attribute}`, inner);
      }
    } else if (!name.startsWith(`${ATTRIBUTES}.`)) fields.collect(name, value);
  }
  return [...fields.values];
}

class FieldCollector {
  readonly values = new Map<string, FieldValue>();
  /** Lists made here, of what was found in several places. */
  private readonly joined = new Map<string, JsonValue[]>();

  collect(name: string, value: JsonValue): void {
    if (isObject(value)) this.collectInside(name, value);
    else if (value !== null) {
      this.add(name, value);
      if (!Array.isArray(value)) return;
      for (const one of value) if (isObject(one)) this.collectInside(name, one);
    }
  }

  private collectInside(name: string, object: JsonObject): void {
    for (const [key, value] of Object.entries(object)) {
      const path = `${name}.${key}`;
      if (path.length <= MAX_PATH_LENGTH) this.collect(path, value);
    }
  }

  private add(name: string, value: FieldValue): void {
    const known = this.values.get(name);
    if (known === undefined) {
      this.values.set(name, composedValue(value));
      return;
    }
    let joined = this.joined.get(name);
    if (joined === undefined) {
      joined = Array.isArray(known) ? [...known] : [known];
      this.joined.set(name, joined);
      this.values.set(name, joined);
    }
    const composed = composedValue(value);
    if (!Array.isArray(composed)) joined.push(composed);
    else for (const one of composed) joined.push(one);
  }
}

/** The names under which a product's fields can be filtered. */
export function filterFieldNames(product: Product): string[] {
  return filterFields(product).map(([name]) => name);
}

/**
 * What a product has in one field, the same as `filterFields` says, but with texts as they were sent: a
 * scalar, a list, or nothing that can be compared.
 */
export function fieldValue(product: JsonObject, name: string): JsonValue | undefined {
  if (!name.includes('.')) return own(product, name);
  const found: JsonValue[] = [];
  if (name.startsWith(`${ATTRIBUTES}.`)) {
    const rest = name.slice(ATTRIBUTES.length + 1);
    const attributes = own(product, ATTRIBUTES);
    if (isObject(attributes)) find(attributes, rest, isPath(name), found);
    else if (isPath(name)) findBelow(attributes, rest, found);
  } else find(product, name, isPath(name), found);
  return found.length < 2 ? found[0] : found.flat();
}

function isPath(name: string): boolean {
  return name.length <= MAX_PATH_LENGTH;
}

/** @param goesDeeper whether parts of `name` may be names of objects */
function find(object: JsonObject, name: string, goesDeeper: boolean, found: JsonValue[]): void {
  const value = own(object, name);
  if (value !== undefined && value !== null && !isObject(value)) found.push(value);
  if (!goesDeeper) return;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    findBelow(own(object, name.slice(0, dot)), name.slice(dot + 1), found);
  }
}

function findBelow(value: JsonValue | undefined, name: string, found: JsonValue[]): void {
  if (Array.isArray(value)) {
    for (const one of value) if (isObject(one)) find(one, name, true, found);
  } else if (isObject(value)) find(value, name, true, found);
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
