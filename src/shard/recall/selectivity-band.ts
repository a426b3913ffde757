/** Upper ends of the bands by which recall is told apart: shares of the live rows that match. */
export const BAND_ENDS = [0.001, 0.01, 0.1, 0.5, 1] as const;

/** Which band a search is in, of whose `live` rows `matches` match; an index of `BAND_ENDS`. */
export function bandOf(matches: number, live: number): number {
  const share = live === 0 ? 1 : matches / live;
  // All but the last end are exclusive: `<0.1 %`, `<1 %`, …, and the rest.
  const band = BAND_ENDS.findIndex((end) => share < end);
  return band === -1 ? BAND_ENDS.length - 1 : band;
}
