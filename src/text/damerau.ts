const LONGEST = 64;
/** Rows of the matrix for the letter before the last, the last, and this one; one thread, one lookup at a time. */
const rows = [0, 1, 2].map(() => new Uint8Array(LONGEST + 1));

/**
 * How many letters must be added, dropped, replaced or swapped with their neighbour to turn `a` into `b`,
 * no letter twice (optimal string alignment); `max + 1` where it is more than `max`. Only a band of
 * `2 max + 1` cells a row is looked at. Words of up to 64 UTF-16 units.
 */
export function damerau(a: string, b: string, max: number): number {
  const over = max + 1;
  const n = a.length;
  const m = b.length;
  if (Math.abs(n - m) > max || n > LONGEST || m > LONGEST) return over;
  let [before, last, row] = rows as [Uint8Array, Uint8Array, Uint8Array];
  for (let j = 0; j <= m; j++) last[j] = Math.min(j, over);
  for (let i = 1; i <= n; i++) {
    const from = Math.max(1, i - max);
    const to = Math.min(m, i + max);
    const letter = a.charCodeAt(i - 1);
    row[from - 1] = from === 1 ? Math.min(i, over) : over;
    let best = row[from - 1] as number;
    for (let j = from; j <= to; j++) {
      const other = b.charCodeAt(j - 1);
      let cost = (last[j - 1] as number) + (letter === other ? 0 : 1);
      // Above the band is what the row before did not reach.
      const above = j === i + max ? over : (last[j] as number) + 1;
      if (above < cost) cost = above;
      const left = (row[j - 1] as number) + 1;
      if (left < cost) cost = left;
      if (i > 1 && j > 1 && letter === b.charCodeAt(j - 2) && other === a.charCodeAt(i - 2)) {
        const swapped = (before[j - 2] as number) + 1;
        if (swapped < cost) cost = swapped;
      }
      row[j] = cost;
      if (cost < best) best = cost;
    }
    // A swap may still reach back to the row before this one.
    if (best > max && minimum(last, from, to) > max - 1) return over;
    [before, last, row] = [last, row, before];
  }
  return Math.min(last[m] as number, over);
}

function minimum(row: Uint8Array, from: number, to: number): number {
  let least = Infinity;
  for (let j = Math.max(0, from - 2); j <= to; j++) least = Math.min(least, row[j] as number);
  return least;
}
