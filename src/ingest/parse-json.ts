import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import { OmniError } from '../core/errors.js';
import { withoutMark } from '../core/json-slices.js';
import type { JsonValue } from '../core/product.js';

/** Text without them has no such key: looking for these takes a twentieth of the library's look at every key. */
const PROTO_SPELLINGS = ['__proto__', '\\u'];

/**
 * JSON text as strict UTF-8, a byte-order mark allowed. `invalid_json` says what is wrong; a
 * `__proto__` key is refused because no later copy of the object could be trusted to keep it apart.
 */
export function parseJson(bytes: Buffer): JsonValue {
  if (!isUtf8(bytes)) throw new OmniError('invalid_json', 'not valid UTF-8');
  const text = withoutMark(bytes).toString();
  try {
    // Of the text: the same question to bytes takes ten times as long.
    if (!PROTO_SPELLINGS.some((part) => text.includes(part))) return JSON.parse(text) as JsonValue;
    return secureJson.parse(text, {
      protoAction: 'error',
      constructorAction: 'ignore',
    }) as JsonValue;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new OmniError('invalid_json', `not valid JSON: ${reason}`, { cause: error });
  }
}
