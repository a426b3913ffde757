/** A row of a table for people; missing values show as a dash. */
export type Row = Record<string, string | number | boolean | null | undefined>;

/** Aligns rows under the headers of the first one; numbers to the right. */
export function formatTable(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return '(nothing)';
  const headers = Object.keys(first);
  const cells = rows.map((row) => headers.map((header) => formatCell(row[header])));
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = headers.map((header) => rows.some((row) => typeof row[header] === 'number'));
  const line = (values: readonly string[]): string =>
    values
      .map((value, column) => {
        const width = widths[column] ?? 0;
        return isNumber[column] === true ? value.padStart(width) : value.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(headers), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join(
    '\n',
  );
}

/** Three significant digits below 100, whole numbers with thousands' separators above. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(0)} MB`;
  return `${(bytes / 1e3).toFixed(0)} kB`;
}

function formatCell(value: Row[string]): string {
  if (value === undefined || value === null) return '–';
  return typeof value === 'number' ? formatNumber(value) : String(value);
}
