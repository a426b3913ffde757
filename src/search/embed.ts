import { Deadline } from '../core/deadline.js';
import { invalidField, toOmniError, type OmniError } from '../core/errors.js';
import type { Encoder, QueryEmbedding } from '../embedding/encoder.js';
import type { SearchCaller, SearchRequest } from './search-types.js';

/** What is searched for, as a vector. */
export interface QueryVector {
  /** Unit length. */
  vector: Float32Array;
  /** Undefined for a vector that the caller brought. */
  source: QueryEmbedding['source'] | undefined;
}

/** Nothing in it can be seen: spaces of all kinds, control and format characters. */
const BLANK = /^[\s\p{C}\p{Z}]*$/u;

/**
 * Throws `invalid_field` for a text that cannot be searched for: a blank one, or any where there is
 * no encoder.
 */
export function checkQuery({ query }: SearchRequest, encoder: Encoder | undefined): void {
  if (typeof query !== 'string') return;
  if (BLANK.test(query)) throw invalidField('query', 'must hold something besides blanks');
  if (encoder !== undefined) return;
  throw invalidField(
    'query',
    'cannot be used: this node has no encoder (--model none), send a vector to /search/vector',
  );
}

/** The first step of a search: a caller's vector as it is, a text through the encoder, which rejects as it does. */
export async function embed(
  { tenant, query }: SearchRequest,
  encoder: Encoder | undefined,
  deadline: Deadline,
  { signal }: SearchCaller,
): Promise<QueryVector> {
  if (typeof query !== 'string') return { vector: query, source: undefined };
  return (encoder as Encoder).embedQuery(query, deadline, { tenant, signal });
}

/** The same for many, their texts in one pass: a vector or an error each. */
export async function embedAll(
  requests: readonly SearchRequest[],
  encoder: Encoder | undefined,
  { signal }: SearchCaller,
): Promise<(QueryVector | OmniError)[]> {
  const texts = requests.flatMap(({ query }) => (typeof query === 'string' ? [query] : []));
  let embeddings: QueryEmbedding[] = [];
  let failure: OmniError | undefined;
  if (texts.length > 0) {
    const longest = Math.max(...requests.map(({ timeoutMs }) => timeoutMs));
    const tenant = requests[0]?.tenant ?? '';
    try {
      const deadline = Deadline.after(longest);
      embeddings = await (encoder as Encoder).embedQueries(texts, deadline, { tenant, signal });
    } catch (error) {
      failure = toOmniError(error);
    }
  }
  let next = 0;
  return requests.map(({ query }) => {
    if (typeof query !== 'string') return { vector: query, source: undefined };
    return failure ?? (embeddings[next++] as QueryEmbedding);
  });
}
