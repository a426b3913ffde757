import { OmniError } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';

/** A reply is one string in memory: hundreds of megabytes of documents would end the process. */
const MAX_REPLY_CHARACTERS = 64 * 1024 * 1024;
const MAX_REPLY = '64 MiB';
/** What a value costs beside its text: quotes, name, digits. */
const OVERHEAD_CHARACTERS = 24;

/** How much the documents of one reply (of one search, or of a whole batch) may still take. */
export class ReplyBudget {
  private left = MAX_REPLY_CHARACTERS;

  /** Throws `too_large` when `document` does not fit any more. */
  take(document: JsonValue): void {
    this.left -= roughCharacters(document);
    if (this.left >= 0) return;
    const message = `the reply would be over ${MAX_REPLY}: ask for fewer hits, or name the fields you need`;
    throw new OmniError('too_large', message, { field: 'top_k' });
  }
}

/** Near enough, and far cheaper than writing the JSON: long texts are what makes a reply large. */
function roughCharacters(value: JsonValue): number {
  if (typeof value === 'string') return value.length + OVERHEAD_CHARACTERS;
  if (typeof value !== 'object' || value === null) return OVERHEAD_CHARACTERS;
  let sum = OVERHEAD_CHARACTERS;
  for (const inner of Object.values(value)) sum += roughCharacters(inner);
  return sum;
}
