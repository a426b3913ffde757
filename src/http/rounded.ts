/** To the microsecond: more would be noise. */
export function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
