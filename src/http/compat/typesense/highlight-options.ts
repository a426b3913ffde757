import type { Parameters } from '../parameters.js';

const MAX_TOKENS = 1_000;
/** Where neither highlighted nor searched fields are named. */
const USUAL = ['title', 'brand', 'description', 'category'];

/** How the words of a query are marked in hits. */
export interface HighlightOptions {
  fields: readonly string[];
  /** They are given whole besides: all, or these. */
  full: 'all' | readonly string[];
  /** Words on each side of the first match, in a snippet. */
  affixTokens: number;
  /** Up to so many words a text is its own snippet. */
  snippetThreshold: number;
  startTag: string;
  endTag: string;
}

export function highlightOptions(
  parameters: Parameters,
  queryBy: readonly string[],
): HighlightOptions {
  const asked = parameters.list('highlight_fields');
  const fields = asked.length > 0 ? asked : queryBy.length > 0 ? queryBy : USUAL;
  const full = parameters.list('highlight_full_fields');
  const isOff = asked.length === 1 && asked[0] === 'none';
  const everyField = isOff ? [] : [...new Set([...fields, ...full.filter(isNamed)])];
  return {
    fields: everyField.filter((name) => name !== 'id'),
    full: full.includes('*') ? 'all' : full,
    affixTokens: parameters.integer('highlight_affix_num_tokens', 0, MAX_TOKENS) ?? 4,
    snippetThreshold: parameters.integer('snippet_threshold', 0, MAX_TOKENS) ?? 30,
    startTag: parameters.text('highlight_start_tag') ?? '<mark>',
    endTag: parameters.text('highlight_end_tag') ?? '</mark>',
  };
}

function isNamed(name: string): boolean {
  return name !== '*' && name !== 'none';
}
