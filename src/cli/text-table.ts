/** Columns stand so far apart. */
export const GAP = '  ';
/** Wider cells are cut. */
export const MAX_CELL_WIDTH = 40;

/** A shop's text must not steer the terminal. */
export function plain(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim() : '';
}

/** By code point: near enough to columns for a table. */
function lengthOf(cell: string): number {
  return Array.from(cell).length;
}

export function cut(cell: string, width: number): string {
  const characters = Array.from(cell);
  return characters.length <= width ? cell : `${characters.slice(0, width - 1).join('')}…`;
}

/** How wide each column has to be for the widest of its cells. */
export function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.map((row) => lengthOf(row[c] ?? ''))),
  );
}

/** Rows as lines, each cell cut or filled to its column's width. */
export function linesOf(
  rows: readonly (readonly string[])[],
  widths: readonly number[] = widthsOf(rows),
): string[] {
  return rows.map((row) =>
    row
      .map((cell, c) => fit(cell, widths[c] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function fit(cell: string, width: number): string {
  const text = cut(cell, width);
  return text + ' '.repeat(width - lengthOf(text));
}
