import type { SearchAnswer } from './search-answer.js';
import { cut, GAP, linesOf, MAX_CELL_WIDTH, plain, widthsOf } from './text-table.js';

const COLUMNS = ['#', 'SCORE', 'ID', 'TITLE', 'CATEGORY', 'PRICE'] as const;
/** The column that gives way when a line is too long. */
const TITLE = COLUMNS.indexOf('TITLE');
const MIN_TITLE_WIDTH = 12;

/** Hits as a table of at most `width` columns, with how long it took. */
export function formatHits(answer: SearchAnswer, width: number): string {
  const { hits, took_ms, timings_ms, embedding } = answer;
  const rows = [[...COLUMNS], ...hits.map(cellsOf)];
  const widths = widthsOf(rows);
  const others = widths.reduce((sum, w, c) => (c === TITLE ? sum : sum + w + GAP.length), 0);
  widths[TITLE] = Math.max(MIN_TITLE_WIDTH, Math.min(widths[TITLE] ?? 0, width - others));
  const lines = linesOf(rows, widths);
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
