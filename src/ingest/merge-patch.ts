import type { JsonObject, JsonValue } from '../core/product.js';
import { isObject } from './validate-product.js';

/**
 * JSON Merge Patch (RFC 7396): null removes a member, objects merge, all else replaces. Makes a new
 * object; `depthLeft` bounds the recursion, deeper objects replace.
 */
export function mergePatch(target: JsonObject, patch: JsonObject, depthLeft = 32): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isObject(value) && depthLeft > 0) {
      merged.set(key, mergePatch(isObject(before) ? before : {}, value, depthLeft - 1));
    } else merged.set(key, value);
  }
  // Not by assignment: `Object.fromEntries` defines members, so no key can reach a prototype.
  return Object.fromEntries(merged);
}
