import { isObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/product.js';

/** Which fields of a document are shown; names may be dotted paths. */
export interface FieldChoice {
  /** Empty: all. */
  include: readonly string[];
  exclude: readonly string[];
}

export function pickFields(document: JsonObject, { include, exclude }: FieldChoice): JsonObject {
  if (include.length === 0 && exclude.length === 0) return document;
  const chosen = (path: string): boolean | undefined => {
    if (exclude.some((name) => isWithin(path, name))) return false;
    if (include.length === 0 || include.some((name) => isWithin(path, name))) {
      return exclude.some((name) => isWithin(name, path)) ? undefined : true;
    }
    return include.some((name) => isWithin(name, path)) ? undefined : false;
  };
  return pick(document, '', chosen);
}

/** Whether `path` is `name`, or lies below it. */
function isWithin(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}.`);
}

/** `chosen`: true for the whole of a value, undefined for a part of it. */
function pick(
  object: JsonObject,
  prefix: string,
  chosen: (path: string) => boolean | undefined,
): JsonObject {
  const picked: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(object)) {
    const path = prefix + name;
    const choice = chosen(path);
    if (choice === true) picked.push([name, value]);
    else if (choice === undefined && isObject(value)) {
      picked.push([name, pick(value, `${path}.`, chosen)]);
    }
  }
  return Object.fromEntries(picked);
}
