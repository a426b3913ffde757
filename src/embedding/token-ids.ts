/** Token ids of one text, special tokens included, truncated to what the model takes. */
export type TokenIds = readonly number[];

/**
 * Some texts' tokens on their way to a worker: all ids end to end, and how many each text has.
 * Typed arrays, because a structured clone of them is one copy of bytes.
 */
export interface TokenBatch {
  ids: Int32Array;
  lengths: Int32Array;
}

/** Several texts' tokens in one batch, in order. */
export function packTokens(texts: readonly TokenIds[]): TokenBatch {
  const lengths = Int32Array.from(texts, (text) => text.length);
  const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const text of texts) {
    ids.set(text, offset);
    offset += text.length;
  }
  return { ids, lengths };
}
