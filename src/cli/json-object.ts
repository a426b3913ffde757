import { isObject } from '../core/json.js';
import type { JsonObject } from '../core/product.js';

/** A JSON object that was typed; `broken` for what is none. */
export function jsonObjectOf(text: string | undefined): JsonObject | undefined | 'broken' {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : 'broken';
  } catch {
    return 'broken';
  }
}
