import { invalidField } from '../../../core/errors.js';
import { describeValue } from '../../../core/json.js';
import { validVector } from '../../../ingest/validate-product.js';
import type { SearchMode } from '../../../search/search-types.js';
import { numberOf } from '../comparisons.js';
import { splitList } from '../parameters.js';

const EXPECTED = 'must be field:([numbers], k: …, alpha: …) or field:([], id: …)';

/** What a `vector_query` asks for. */
export interface VectorQuery {
  field: string;
  /** At unit length; undefined: the vector of the query's text, or of a document. */
  vector: Float32Array | undefined;
  /** The document whose vector it is. */
  id: string | undefined;
  /** Of a text: what `alpha` comes to. */
  mode: SearchMode;
  /** What has no part in the answer: ours is of the whole result set. */
  ignored: string[];
}

/** `embedding:([0.1, 0.2], k: 10)`. Throws `invalid_field`. */
export function parseVectorQuery(text: string, dimensions: number): VectorQuery {
  const [, name, inner] = /^\s*([^:()]+):\s*\((.*)\)\s*$/s.exec(text) ?? [];
  if (name === undefined || inner === undefined) throw expected(text);
  const [list = '', ...options] = splitList(inner);
  const query: VectorQuery = { field: name.trim(), ...vectorOf(list, dimensions) };
  for (const option of options) apply(query, option);
  return query;
}

function vectorOf(list: string, dimensions: number): Omit<VectorQuery, 'field'> {
  const rest = { id: undefined, mode: 'hybrid', ignored: [] as string[] } as const;
  const [, inner] = /^\[(.*)\]$/s.exec(list) ?? [];
  if (inner === undefined) throw expected(list);
  if (inner.trim() === '') return { vector: undefined, ...rest };
  const numbers = inner.split(',').map((part) => numberOf(part.trim()) ?? NaN);
  return { vector: validVector(numbers, 'vector_query', dimensions), ...rest };
}

function apply(query: VectorQuery, option: string): void {
  const [, name = '', value = ''] = /^\s*(\w+)\s*:\s*(.*?)\s*$/s.exec(option) ?? [];
  switch (name) {
    case 'id':
      query.id = value;
      return;
    case 'alpha':
      query.mode = modeOf(value);
      if (query.mode === 'hybrid') query.ignored.push('vector_query.alpha');
      return;
    case 'k':
    case 'ef':
    case 'flat_search_cutoff':
      query.ignored.push(`vector_query.${name}`);
      return;
    case 'distance_threshold':
      throw invalidField('vector_query', 'must not have distance_threshold: it is not served');
    default:
      throw expected(option);
  }
}

/** The ends of the scale are words alone and meaning alone. */
function modeOf(alpha: string): SearchMode {
  const weight = numberOf(alpha);
  if (weight === undefined || weight < 0 || weight > 1) {
    throw invalidField('vector_query', `must have an alpha from 0 to 1, got ${alpha}`);
  }
  if (weight === 1) return 'vector';
  return weight === 0 ? 'keyword' : 'hybrid';
}

function expected(text: string): Error {
  return invalidField('vector_query', `${EXPECTED}, got ${describeValue(text)}`);
}
