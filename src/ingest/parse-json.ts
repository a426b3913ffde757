import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import { OmniError } from '../core/errors.js';
import { withoutMark } from '../core/json-slices.js';
import type { JsonValue } from '../core/product.js';

/**
 * JSON text as strict UTF-8, a byte-order mark allowed. `invalid_json` says what is wrong; a
 * `__proto__` key is refused because no later copy of the object could be trusted to keep it apart.
 */
export function parseJson(bytes: Buffer): JsonValue {
  if (!isUtf8(bytes)) throw new OmniError('invalid_json', 'not valid UTF-8');
  const text = withoutMark(bytes).toString();
  try {
    return secureJson.parse(text, {
      protoAction: 'error',
      constructorAction: 'ignore',
    }) as JsonValue;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new OmniError('invalid_json', `not valid JSON: ${reason}`, { cause: error });
  }
}
