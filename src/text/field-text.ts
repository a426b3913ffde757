import { isObject } from '../core/json.js';
import type { JsonValue, Product } from '../core/product.js';
import { htmlText } from './html-text.js';

/** Of one field; what is longer is no text that a shopper searches, and costs no more. */
const FIELD_CHARACTERS = 10_000;

/** The value of a top-level field, or of an attribute where the name says so or the top level has none. */
export function fieldValue(product: Product, field: string): JsonValue | undefined {
  const { attributes } = product as { attributes?: JsonValue };
  const inner = attributes !== undefined && isObject(attributes) ? attributes : undefined;
  if (field.startsWith('attributes.')) return own(inner, field.slice('attributes.'.length));
  return own(product, field) ?? own(inner, field);
}

function own(object: Record<string, JsonValue> | undefined, name: string): JsonValue | undefined {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The words of a value as text, without markup; '' for what says nothing. A true one says its name. */
export function valueText(name: string, value: JsonValue | undefined): string {
  if (typeof value === 'string') return plainText(value);
  if (typeof value === 'number') return String(value);
  if (value === true) return name;
  if (!Array.isArray(value)) return '';
  const parts = value.filter((part) => typeof part === 'string' || typeof part === 'number');
  return plainText(parts.join(', '));
}

function plainText(text: string): string {
  const plain = hasMarkup(text) ? htmlText(text, FIELD_CHARACTERS) : text;
  return plain.length > FIELD_CHARACTERS ? plain.slice(0, FIELD_CHARACTERS) : plain;
}

function hasMarkup(text: string): boolean {
  return text.includes('<') || text.includes('&') || text.includes(';base64,');
}

/** A product's attributes; empty where it has none. */
export function attributesOf(product: Product): Record<string, JsonValue> {
  const { attributes } = product as { attributes?: JsonValue };
  return attributes !== undefined && isObject(attributes) ? attributes : {};
}
