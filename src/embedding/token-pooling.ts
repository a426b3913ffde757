/** How a text's token vectors become one: what sentence-transformers' `1_Pooling` can say. */
export type Pooling = 'mean' | 'cls' | 'max' | 'mean_sqrt_len' | 'last';

/**
 * Pools one text's token vectors.
 * @param states token vectors of a padded batch, [texts, paddedLength, dimensions]
 * @param text which of them
 * @param length how many of its tokens are real
 * @returns `dimensions` values, not normalised
 */
export function poolTokens(
  states: Float32Array,
  shape: { paddedLength: number; dimensions: number },
  text: number,
  length: number,
  pooling: Pooling,
): Float32Array {
  const { paddedLength, dimensions } = shape;
  const first = text * paddedLength * dimensions;
  const tokenAt = (i: number): Float32Array =>
    states.subarray(first + i * dimensions, first + (i + 1) * dimensions);
  if (pooling === 'cls') return tokenAt(0).slice();
  if (pooling === 'last') return tokenAt(length - 1).slice();
  const out = tokenAt(0).slice();
  for (let i = 1; i < length; i++) {
    const token = tokenAt(i);
    for (let d = 0; d < dimensions; d++) {
      const value = token[d] ?? 0;
      out[d] = pooling === 'max' ? Math.max(out[d] ?? 0, value) : (out[d] ?? 0) + value;
    }
  }
  if (pooling === 'max') return out;
  const divisor = pooling === 'mean' ? length : Math.sqrt(length);
  for (let d = 0; d < dimensions; d++) out[d] = (out[d] ?? 0) / divisor;
  return out;
}
