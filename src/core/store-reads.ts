/** Where joins read, as settings and requests write it: from the primary, or from secondaries at most so far behind. */
export const STORE_READS = {
  // From two seconds, which is what can be measured, to a day and more.
  pattern: /^(primary|secondary:([2-9]\d{3}|[1-9]\d{4,7}))$/,
  expected: 'primary, or secondary:MS with 2000 to 99999999',
};

const PRIMARY = 'primary';

/** How far behind what is read may be; undefined: not at all. */
export function maxLagOf(reads: string): number | undefined {
  return reads === PRIMARY ? undefined : Number(reads.split(':')[1]);
}

/** `maxLagOf` backwards. */
export function readsOf(maxLagMs: number | undefined): string {
  return maxLagMs === undefined ? PRIMARY : `secondary:${maxLagMs}`;
}
