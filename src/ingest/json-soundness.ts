import { invalidField } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';

/** Deeper nesting than any product has; bounds every recursion over stored documents. */
const MAX_DEPTH = 32;

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/**
 * Throws `invalid_field` when JSON that parsed cannot be kept as it was sent: a number that
 * overflowed (1e400), a string or key with half a surrogate pair (has no UTF-8), nesting without
 * end. `path` is how the caller wrote the place of `value`.
 */
export function checkSound(value: JsonValue, path: string, depthLeft = MAX_DEPTH): void {
  if (typeof value === 'string') {
    checkText(value, path);
    return;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalidField(path, `must be a finite number, got ${value}`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depthLeft === 0) throw invalidField(path, `must be nested at most ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      checkSound(value[i] as JsonValue, `${path}[${i}]`, depthLeft - 1);
    }
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const innerPath = path === '' ? key : `${path}.${key}`;
    checkText(key, innerPath);
    checkSound(inner, innerPath, depthLeft - 1);
  }
}

/** Throws `invalid_field` for text that UTF-8 cannot hold. */
export function checkText(text: string, path: string): void {
  if (UNPAIRED_SURROGATE.test(text)) {
    throw invalidField(path, 'must be well-formed Unicode, got an unpaired surrogate');
  }
}
