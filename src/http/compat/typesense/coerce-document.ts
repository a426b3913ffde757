import { invalidField } from '../../../core/errors.js';
import { describeValue } from '../../../core/json.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';
import type { CollectionSchema, SchemaField } from '../../../tenancy/collection-schemas.js';
import { numberOf } from '../comparisons.js';
import { isPattern, isVector } from '../schema-fields.js';

/** What becomes of a value that is not of its field's type. */
export const DIRTY_VALUES = ['coerce_or_reject', 'coerce_or_drop', 'drop', 'reject'] as const;
export type DirtyValues = (typeof DIRTY_VALUES)[number];

/** What a part of a document is allowed to leave out. */
interface Coercion {
  dirtyValues: DirtyValues;
  /** All fields that are not optional must be there. */
  isWhole: boolean;
}

/** The document with values of their fields' types. Throws `invalid_field`. */
export function coerceDocument(
  document: JsonObject,
  schema: CollectionSchema | undefined,
  { dirtyValues, isWhole }: Coercion,
): JsonObject {
  if (schema === undefined) return document;
  const values = new Map(Object.entries(document));
  for (const field of schema.fields) {
    if (isPattern(field) || isVector(field) || field.name.includes('.')) continue;
    const value = values.get(field.name);
    if (value === undefined || value === null) {
      if (isWhole && field['optional'] !== true && field.name !== 'id') throw missing(field);
      continue;
    }
    const coerced = coerce(value, field.type, dirtyValues.startsWith('coerce'));
    if (coerced !== undefined) values.set(field.name, coerced);
    else if (dirtyValues.endsWith('drop')) values.delete(field.name);
    else {
      throw invalidField(
        `Field \`${field.name}\``,
        `must be of type ${field.type}, got ${describeValue(value)}`,
      );
    }
  }
  return Object.fromEntries(values);
}

function missing({ name }: SchemaField): Error {
  return invalidField(
    `Field \`${name}\``,
    'has been declared in the schema, but is not found in the document.',
  );
}

/** Undefined where it is not of that type, nor may become it. */
function coerce(value: JsonValue, type: string, mayChange: boolean): JsonValue | undefined {
  if (type === 'auto' || type === 'string*') return value;
  if (!type.endsWith('[]')) return coerceOne(value, type, mayChange);
  const items = Array.isArray(value) ? value : mayChange ? [value] : undefined;
  const coerced = items?.map((item) => coerceOne(item, type.slice(0, -2), mayChange));
  return coerced?.some((item) => item === undefined) === true
    ? undefined
    : (coerced as JsonValue[]);
}

function coerceOne(value: JsonValue, type: string, mayChange: boolean): JsonValue | undefined {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      return mayChange && isScalar(value) ? String(value) : undefined;
    case 'int32':
    case 'int64': {
      const number = asNumber(value, mayChange);
      if (number === undefined || Number.isInteger(number)) return number;
      return mayChange ? Math.trunc(number) : undefined;
    }
    case 'float':
      return asNumber(value, mayChange);
    case 'bool':
      return asBoolean(value, mayChange);
    case 'object':
      return typeof value === 'object' && value !== null ? value : undefined;
    default:
      return value;
  }
}

function asNumber(value: JsonValue, mayChange: boolean): number | undefined {
  if (typeof value === 'number') return value;
  if (!mayChange) return undefined;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'string' ? numberOf(value.trim()) : undefined;
}

function asBoolean(value: JsonValue, mayChange: boolean): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (!mayChange) return undefined;
  if (value === 'true' || value === 1 || value === '1') return true;
  return value === 'false' || value === 0 || value === '0' ? false : undefined;
}

function isScalar(value: JsonValue): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
