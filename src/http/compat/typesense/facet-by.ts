import { invalidField } from '../../../core/errors.js';
import { describeValue } from '../../../core/json.js';
import type { FacetRequest } from '../../../search/search-types.js';
import { numberOf } from '../comparisons.js';
import { splitList } from '../parameters.js';

const RANGE = /^(.+?):\s*\[([^,]*),([^\]]*)\]$/s;
const EXPECTED = 'must be fields, or field(label:[from, to], …), commas between';

/** What of a value is looked for: `facet_query=brand:ac`. */
export interface FacetSearch {
  field: string;
  prefix: string;
}

/** `brand,price(cheap:[0,50])` as facets. Throws `invalid_field`. */
export function parseFacetBy(
  parts: readonly string[],
  limit: number,
  search: FacetSearch | undefined,
): FacetRequest[] {
  const facets = parts.map((part): FacetRequest => {
    const [, name = part, inner] = /^(.+?)\((.*)\)$/s.exec(part) ?? [];
    const field = name.trim();
    if (/[*()]/.test(field)) throw expected(part);
    return {
      field,
      limit,
      prefix: search?.field === field ? search.prefix : undefined,
      ranges: inner === undefined ? undefined : splitList(inner).map(range),
      disjunctive: false,
    };
  });
  if (search !== undefined && !facets.some(({ field }) => field === search.field)) {
    throw invalidField('facet_query', 'must be about a field of facet_by');
  }
  return facets;
}

function range(text: string): { from?: number; to?: number; label: string } {
  const [, label, from = '', to = ''] = RANGE.exec(text) ?? [];
  if (label === undefined) throw expected(text);
  return { label: label.trim(), ...end('from', from, text), ...end('to', to, text) };
}

/** An end that is left out is open. */
function end(name: 'from' | 'to', written: string, text: string): { from?: number; to?: number } {
  if (written.trim() === '') return {};
  const number = numberOf(written.trim());
  if (number === undefined) throw expected(text);
  return name === 'from' ? { from: number } : { to: number };
}

function expected(text: string): Error {
  return invalidField('facet_by', `${EXPECTED}, got ${describeValue(text)}`);
}

/** `brand:ac`. Throws `invalid_field`. */
export function parseFacetQuery(text: string): FacetSearch {
  const colon = text.indexOf(':');
  const field = text.slice(0, colon).trim();
  if (colon < 0 || field === '') {
    throw invalidField('facet_query', `must be field:beginning, got ${describeValue(text)}`);
  }
  return { field, prefix: text.slice(colon + 1).trim() };
}
