/** The index, in [from, to), of the first of ascending `values` that is `wanted` or beyond it; `to` if none is. */
export function firstAtLeast(
  values: Uint32Array | Float64Array,
  wanted: number,
  from = 0,
  to = values.length,
): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
