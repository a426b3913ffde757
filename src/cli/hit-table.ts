/** What the table needs of a search reply. */
export interface SearchAnswer {
  hits: { id: string; score: number; product: Record<string, unknown> }[];
  took_ms: number;
  timings_ms: { embed: number; search: number; join: number };
  embedding?: string;
  partial: {
    missing: { part: string; shard?: string; category?: string; reason: string }[];
  } | null;
}

const COLUMNS = ['#', 'SCORE', 'ID', 'TITLE', 'CATEGORY', 'PRICE'] as const;
/** The column that gives way when a line is too long. */
const TITLE = COLUMNS.indexOf('TITLE');
const MIN_TITLE_WIDTH = 12;
const MAX_CELL_WIDTH = 40;
const GAP = '  ';

/** Hits as a table of at most `width` columns, with how long it took. */
export function formatHits(answer: SearchAnswer, width: number): string {
  const { hits, took_ms, timings_ms, embedding } = answer;
  const rows = [[...COLUMNS], ...hits.map(cellsOf)];
  const widths = COLUMNS.map((_, c) => Math.max(...rows.map((row) => lengthOf(row[c] ?? ''))));
  const others = widths.reduce((sum, w, c) => (c === TITLE ? sum : sum + w + GAP.length), 0);
  widths[TITLE] = Math.max(MIN_TITLE_WIDTH, Math.min(widths[TITLE] ?? 0, width - others));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => fit(cell, widths[c] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
  const embedded = `embed ${timings_ms.embed}${embedding === undefined ? '' : ` (${embedding})`}`;
  const timings = `${embedded}, search ${timings_ms.search}, join ${timings_ms.join}`;
  const found = hits.length === 1 ? '1 hit' : `${hits.length} hits`;
  return `${(hits.length === 0 ? [] : lines).concat(`${found} in ${took_ms} ms: ${timings}`).join('\n')}\n`;
}

function cellsOf(hit: SearchAnswer['hits'][number], index: number): string[] {
  const { title, category, price } = hit.product;
  return [
    String(index + 1),
    hit.score.toFixed(4),
    cut(plain(hit.id), MAX_CELL_WIDTH),
    plain(title),
    cut(plain(category), MAX_CELL_WIDTH),
    typeof price === 'number' ? price.toFixed(2) : '',
  ];
}

/** A shop's text must not steer the terminal. */
function plain(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim() : '';
}

/** By code point: near enough to columns for a table. */
function charactersOf(cell: string): string[] {
  return Array.from(cell);
}

function lengthOf(cell: string): number {
  return charactersOf(cell).length;
}

function cut(cell: string, width: number): string {
  const characters = charactersOf(cell);
  return characters.length <= width ? cell : `${characters.slice(0, width - 1).join('')}…`;
}

function fit(cell: string, width: number): string {
  const text = cut(cell, width);
  return text + ' '.repeat(width - lengthOf(text));
}
