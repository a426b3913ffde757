import { isObject } from './json.js';
import type { JsonValue, Product } from './product.js';

/** A value that a filter can compare: null and objects are not. */
export type FieldValue = string | number | boolean | JsonValue[];

/**
 * A product's filterable fields with their values: top-level scalars and lists, and `attributes.` +
 * the whole rest as the attribute's name. Null counts as absent. A top-level field whose own name
 * begins with `attributes.` cannot be filtered by, or one name would mean two things.
 */
export function filterFields(product: Product): [name: string, value: FieldValue][] {
  const fields: [string, FieldValue][] = [];
  for (const [name, value] of Object.entries(product)) {
    if (name === 'attributes' && isObject(value)) {
      for (const [attribute, inner] of Object.entries(value)) {
        if (isFieldValue(inner)) fields.push([`attributes.${attribute}`, inner]);
      }
    } else if (isFieldValue(value) && !name.startsWith('attributes.')) fields.push([name, value]);
  }
  return fields;
}

function isFieldValue(value: JsonValue): value is FieldValue {
  return value !== null && !isObject(value);
}

/** The names under which a product's fields can be filtered. */
export function filterFieldNames(product: Product): string[] {
  return filterFields(product).map(([name]) => name);
}
