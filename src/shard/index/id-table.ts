/**
 * Finds rows by id: open addressing with linear probing over `hashId`, a slot holding row + 1. At
 * most half full. A plain Uint32Array, so that it is written to a file and read back as it is.
 */
export function buildIdTable(hashes: Uint32Array): Uint32Array {
  let slots = 16;
  while (slots < hashes.length * 2) slots *= 2;
  const table = new Uint32Array(slots);
  for (let row = 0; row < hashes.length; row++) {
    let slot = (hashes[row] as number) & (slots - 1);
    while (table[slot] !== 0) slot = (slot + 1) & (slots - 1);
    table[slot] = row + 1;
  }
  return table;
}

/** The row of that hash for which `isRow` holds, or -1. */
export function findInIdTable(
  table: Uint32Array,
  hashes: Uint32Array,
  hash: number,
  isRow: (row: number) => boolean,
): number {
  const mask = table.length - 1;
  for (let slot = hash & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
    const row = (table[slot] as number) - 1;
    if (hashes[row] === hash && isRow(row)) return row;
  }
  return -1;
}
