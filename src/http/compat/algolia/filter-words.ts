/** What a `filters` text consists of. */
export type FilterWord =
  | { kind: '(' | ')' | 'AND' | 'OR' | 'NOT' }
  /** `field:value`, quotes taken off. */
  | { kind: 'facet'; field: string; value: string }
  /** Any other run of words between those. */
  | { kind: 'text'; text: string };

const OPERATORS = new Set(['AND', 'OR', 'NOT', 'TO']);

/** Cuts `filters` into its words; a quoted text is never cut. Undefined where a quote does not end. */
export function filterWords(text: string): FilterWord[] | undefined {
  const words: FilterWord[] = [];
  let run: Piece[] = [];
  const endRun = (): void => {
    if (run.length > 0) words.push(runOf(run));
    run = [];
  };
  for (const piece of pieces(text)) {
    if (piece === undefined) return undefined;
    const { text: word, isQuoted } = piece;
    const isOperator = !isQuoted && (word === '(' || word === ')' || OPERATORS.has(word));
    if (!isOperator || word === 'TO') run.push(piece);
    else {
      endRun();
      words.push({ kind: word as '(' | ')' | 'AND' | 'OR' | 'NOT' });
    }
  }
  endRun();
  return words;
}

interface Piece {
  text: string;
  isQuoted: boolean;
  /** Where it begins and ends, to tell what stands together. */
  start: number;
  end: number;
}

/** Quoted texts, parentheses, colons, and what stands between spaces. */
function* pieces(text: string): Generator<Piece | undefined> {
  const pattern = /\s*(?:(["'])|([():])|([^\s():"']+))/y;
  const { length } = text.trimEnd();
  for (let at = 0; at < length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const [, quote, sign, word] = pattern.exec(text) ?? [];
    const { lastIndex: end } = pattern;
    if (quote === undefined) {
      const found = sign ?? word ?? '';
      yield { text: found, isQuoted: false, start: end - found.length, end };
      continue;
    }
    const quoted = quotedText(text, end, quote);
    if (quoted === undefined) {
      yield undefined;
      return;
    }
    yield { ...quoted, isQuoted: true, start: end - 1 };
    pattern.lastIndex = quoted.end;
  }
}

/** The text up to the quote that ends it; a backslash makes a quote part of it. */
function quotedText(
  text: string,
  start: number,
  quote: string,
): { text: string; end: number } | undefined {
  let value = '';
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === quote) return { text: value, end: at + 1 };
    const isEscaped = character === '\\' && text[at + 1] === quote;
    value += isEscaped ? quote : character;
    if (isEscaped) at += 1;
  }
  return undefined;
}

/** A facet where the first piece is a field and a colon follows, unless it is a range (`TO`). */
function runOf(run: readonly Piece[]): FilterWord {
  const [field, colon, ...value] = run;
  const isRange = run.some(({ text, isQuoted }) => text === 'TO' && !isQuoted);
  if (field !== undefined && colon?.text === ':' && !colon.isQuoted && !isRange && value.length > 0)
    return { kind: 'facet', field: field.text, value: joined(value) };
  return { kind: 'text', text: joined(run) };
}

/** Pieces with the spaces that were between them. */
function joined(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text, start }, i) => {
      const before = pieces[i - 1];
      return before === undefined || before.end === start ? text : ` ${text}`;
    })
    .join('');
}
