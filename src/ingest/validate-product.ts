import { invalidField, type OmniError } from '../core/errors.js';
import { checkSound, checkText, describeValue, isObject } from '../core/json.js';
import { composed } from '../core/product-fields.js';
import type { JsonObject, JsonValue, Product } from '../core/product.js';
import { normalise } from '../core/vector.js';

/** A row that will be written as it is. */
export interface PutRow {
  op: 'put';
  id: string;
  /** As sent, without `vector`. */
  product: Product;
  feedVersion: number | undefined;
  /** The supplied vector at unit length. */
  vector: Float32Array | undefined;
}

interface DeleteRow {
  op: 'delete';
  id: string;
  feedVersion: number | undefined;
}

export type ValidRow = PutRow | DeleteRow;

/** What a product must satisfy beyond its own shape. */
export interface ProductRules {
  /** Length of a supplied vector. */
  dimensions: number;
  /** There is no encoder: a product must bring its vector. */
  vectorRequired: boolean;
}

const ID_BYTES = 256;
const CATEGORY_BYTES = 256;
/** Bound of the filterable fields that one product may bring, and of the name of each. */
const MAX_FIELDS = 1_000;
const NAME_BYTES = 256;

/**
 * A row of a request as a write, or `invalid_field` naming the field and what it should be. Null in
 * an optional field counts as absent and is kept. `op` is reserved: `delete`, or absent.
 */
export function validateRow(value: JsonValue, rules: ProductRules): ValidRow {
  if (!isObject(value)) {
    throw invalidField('product', `must be an object, got ${describeValue(value)}`);
  }
  if (value['op'] === undefined) return validateProduct(value, rules);
  if (value['op'] !== 'delete') {
    throw invalidField('op', `must be "delete" or absent, got ${describeValue(value['op'])}`);
  }
  return { op: 'delete', id: validId(value['id']), feedVersion: validVersion(value['version']) };
}

/** The id of a row that may be anything, for the report of its rejection. */
export function idOfRow(value: JsonValue): string | undefined {
  if (!isObject(value) || typeof value['id'] !== 'string') return undefined;
  return value['id'].slice(0, ID_BYTES);
}

/** The id of a product, as a field or in a path. */
export function validId(value: JsonValue | undefined, field = 'id'): string {
  return boundedText(value, field, ID_BYTES);
}

function validateProduct(object: JsonObject, rules: ProductRules): PutRow {
  const id = validId(object['id']);
  const title = text(object['title'], 'title');
  // Composed, since partitions go by it: a filter finds it whatever way it was typed.
  const category = composed(boundedText(object['category'], 'category', CATEGORY_BYTES));
  for (const field of ['brand', 'description', 'image_url', 'url'] as const) {
    if (isPresent(object[field])) text(object[field], field);
  }
  validatePrice(object['price']);
  validateStock(object['in_stock']);
  validateCategories(object['categories']);
  validateAttributes(object['attributes']);
  const feedVersion = validVersion(object['version']);
  const { vector, ...document } = object;
  const names = Object.keys(document);
  if (names.length > MAX_FIELDS) {
    throw invalidField('product', `must have at most ${MAX_FIELDS} fields`);
  }
  for (const name of names) checkName(name, 'product');
  checkSound(document, '');
  const product: Product = Object.assign(document, { id, title, category });
  return { op: 'put', id, product, feedVersion, vector: suppliedVector(vector, rules) };
}

export function validatePrice(value: JsonValue | undefined): void {
  if (isPresent(value) && (typeof value !== 'number' || !Number.isFinite(value))) {
    throw invalidField('price', `must be a finite number, got ${describeValue(value)}`);
  }
}

export function validateStock(value: JsonValue | undefined): void {
  if (isPresent(value) && typeof value !== 'boolean') {
    throw invalidField('in_stock', `must be true or false, got ${describeValue(value)}`);
  }
}

function validateCategories(value: JsonValue | undefined): void {
  if (!isPresent(value)) return;
  if (!isObject(value)) {
    listOfText(value, 'categories');
    return;
  }
  // By level: `lvl0`, `lvl1`, …
  for (const [level, inner] of Object.entries(value)) {
    const field = `categories.${level}`;
    checkName(level, 'categories');
    if (Array.isArray(inner)) listOfText(inner, field);
    else if (isPresent(inner)) text(inner, field);
  }
}

function validateAttributes(value: JsonValue | undefined): void {
  if (!isPresent(value)) return;
  if (!isObject(value)) {
    throw invalidField('attributes', `must be an object, got ${describeValue(value)}`);
  }
  const entries = Object.entries(value);
  if (entries.length > MAX_FIELDS) {
    throw invalidField('attributes', `must have at most ${MAX_FIELDS} names`);
  }
  for (const [name, inner] of entries) {
    checkName(name, 'attributes');
    const field = `attributes.${name}`;
    if (Array.isArray(inner)) listOfText(inner, field);
    else if (isObject(inner)) {
      throw invalidField(field, 'must be a string, number, boolean or list of strings');
    }
  }
}

function checkName(name: string, field: string): void {
  if (name.length * 3 <= NAME_BYTES || Buffer.byteLength(name) <= NAME_BYTES) return;
  throw invalidField(
    field,
    `must have names of at most ${NAME_BYTES} bytes, got ${describeValue(name)}`,
  );
}

function suppliedVector(
  value: JsonValue | undefined,
  rules: ProductRules,
): Float32Array | undefined {
  if (isPresent(value)) return validVector(value, 'vector', rules.dimensions);
  if (!rules.vectorRequired) return undefined;
  throw invalidField('vector', 'must be supplied: this server runs without an encoder');
}

/** A vector off the wire at unit length: the right number of values, each finite, not all zero. */
export function validVector(
  value: JsonValue | undefined,
  field: string,
  dimensions: number,
): Float32Array {
  if (!Array.isArray(value) || value.length !== dimensions) {
    throw invalidField(
      field,
      `must be a list of ${dimensions} numbers, got ${describeValue(value)}`,
    );
  }
  for (let i = 0; i < value.length; i++) {
    const element = value[i];
    if (typeof element !== 'number' || !Number.isFinite(Math.fround(element))) {
      throw invalidElement(field, i, element);
    }
  }
  const unit = normalise(value as number[]);
  if (unit === undefined) throw invalidField(field, 'must not have zero length');
  return unit;
}

const FLOAT32_BYTES = 4;

/** The same of a vector that came as the base64 of little-endian float32 numbers. */
export function vectorOfBase64(text: string, field: string, dimensions: number): Float32Array {
  const expected = `must be the base64 of ${dimensions} little-endian float32 numbers`;
  const wanted = FLOAT32_BYTES * dimensions;
  const bytes = Buffer.from(text.slice(0, 2 * wanted), 'base64');
  // What is not base64 is passed over by the decoder: written again it is another text.
  const whole = bytes.toString('base64');
  const isSound = text === whole || text === whole.slice(0, Math.ceil((4 * wanted) / 3));
  if (!isSound) throw invalidField(field, expected);
  if (bytes.length !== wanted) {
    throw invalidField(field, `${expected}, got ${bytes.length} bytes`);
  }
  const values = new Float32Array(dimensions);
  for (let i = 0; i < dimensions; i++) {
    const value = bytes.readFloatLE(FLOAT32_BYTES * i);
    if (!Number.isFinite(value)) throw invalidElement(field, i, value);
    values[i] = value;
  }
  const unit = normalise(values);
  if (unit === undefined) throw invalidField(field, 'must not have zero length');
  return unit;
}

function invalidElement(field: string, index: number, element: JsonValue | undefined): OmniError {
  const expected = 'must be a number that is finite in float32';
  return invalidField(`${field}[${index}]`, `${expected}, got ${describeValue(element)}`);
}

export function validVersion(value: JsonValue | undefined, field = 'version'): number | undefined {
  if (!isPresent(value)) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidField(field, `must be an integer from 0 to 2^53 - 1, got ${describeValue(value)}`);
}

function boundedText(value: JsonValue | undefined, field: string, maxBytes: number): string {
  if (typeof value !== 'string') {
    throw invalidField(
      field,
      `must be a string of 1 to ${maxBytes} bytes, got ${describeValue(value)}`,
    );
  }
  checkText(value, field);
  const bytes = Buffer.byteLength(value);
  if (bytes < 1 || bytes > maxBytes) {
    throw invalidField(field, `must be a string of 1 to ${maxBytes} bytes, got ${bytes} bytes`);
  }
  return value;
}

function text(value: JsonValue | undefined, field: string): string {
  if (typeof value === 'string') return value;
  throw invalidField(field, `must be a string, got ${describeValue(value)}`);
}

function listOfText(value: JsonValue, field: string): void {
  if (!Array.isArray(value)) {
    throw invalidField(field, `must be a list of strings, got ${describeValue(value)}`);
  }
  for (let i = 0; i < value.length; i++) text(value[i], `${field}[${i}]`);
}

export function isPresent(value: JsonValue | undefined): value is Exclude<JsonValue, null> {
  return value !== undefined && value !== null;
}
