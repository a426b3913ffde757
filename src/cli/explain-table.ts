import type { ReadText, SearchAnswer } from './search-answer.js';
import { cut, linesOf, MAX_CELL_WIDTH, plain } from './text-table.js';

type Hit = SearchAnswer['hits'][number];

const MAX_IMPACT = 255;
const INDENT = '   ';
const WORDS = ['WORD', 'PRODUCTS', 'IDF', 'SEARCHED AS'];
const MATCHED = ['WORD', 'MATCHED', 'IN', 'WEIGHT', 'IMPACT', 'ADDS'];

/** How the text was read, and for each hit what its score is made of. */
export function formatExplanation(answer: SearchAnswer): string {
  const blocks = [readingOf(answer), ...answer.hits.map(hitBlock)];
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** What was corrected, understood and embedded, and how each word was searched. */
function readingOf({ rewritten, did_you_mean, understood, explain }: SearchAnswer): string[] {
  const { words, embedded } = explain ?? {};
  const lines: string[] = [];
  if (rewritten) lines.push(`rewritten: ${plain(rewritten.from)} -> ${plain(rewritten.to)}`);
  if (did_you_mean?.length) lines.push(`did you mean: ${did_you_mean.map(plain).join(', ')}`);
  for (const { text, filter, sort } of understood ?? []) {
    const became = filter ?? sort;
    const meaning = became === undefined ? 'no hit may have it' : JSON.stringify(became);
    lines.push(`understood: ${plain(text)} -> ${meaning}`);
  }
  if (embedded === null) lines.push('embedded: nothing');
  else if (embedded !== undefined) lines.push(`embedded: ${plain(embedded)}`);
  if (words === undefined || words.length === 0) return lines;
  const rows = words.map(({ text, df, idf, alternatives }) => [
    cut(plain(text), MAX_CELL_WIDTH),
    String(df),
    idf.toFixed(2),
    alternatives.map(alternativeText).join(', ') || 'nothing: no product has it',
  ]);
  // The last column is whole: it says why.
  return [...lines, ...linesOf([WORDS, ...rows])];
}

type Alternative = NonNullable<ReadText['words']>[number]['alternatives'][number];

function alternativeText({ words, weight, why }: Alternative): string {
  const text = words.map(plain).join(' + ');
  return why === 'typed' ? text : `${text} (${plain(why)}, weight ${weight})`;
}

function hitBlock({ id, score, scores, product, explain }: Hit, at: number): string[] {
  const title = cut(plain(product['title']), 2 * MAX_CELL_WIDTH);
  const head = `${at + 1}. ${score.toFixed(4)}  ${cut(plain(id), MAX_CELL_WIDTH)}  ${title}`;
  if (scores === undefined) return [head, `${INDENT}vector ${score.toFixed(4)}`];
  const { text, vector, type, exact } = scores;
  const vectorPart = explain?.vector_part ?? vector / 2;
  const sum = [
    `text ${text.toFixed(4)}`,
    `vector ${vectorPart.toFixed(4)} (cosine ${vector.toFixed(4)})`,
    `type ${(score - text - vectorPart - exact).toFixed(4)} (cosine ${type.toFixed(4)})`,
    `exact ${exact}`,
  ];
  const rows = (explain?.matched ?? []).map((match) => [
    cut(plain(match.text), MAX_CELL_WIDTH),
    cut(plain(match.word), MAX_CELL_WIDTH),
    cut(match.fields.map(plain).join(', '), MAX_CELL_WIDTH),
    match.weight.toFixed(2),
    (match.impact / MAX_IMPACT).toFixed(2),
    match.part.toFixed(4),
  ]);
  const table = rows.length === 0 ? ['no word of the query'] : linesOf([MATCHED, ...rows]);
  return [head, INDENT + sum.join(' + '), ...table.map((line) => INDENT + line)];
}
