import { Deadline } from '../core/deadline.js';
import { invalidField, toOmniError, type OmniError } from '../core/errors.js';
import type { Encoder, QueryEmbedding } from '../embedding/encoder.js';
import type { SearchStart } from './search-run.js';
import { PLAIN_TEXT, type SearchCaller, type SearchRequest } from './search-types.js';

/** What is searched for by meaning: a text, or the vector of one; undefined: nothing. */
export type Meaning = string | Float32Array | undefined;

/** A meaning as a vector. */
export interface QueryVector {
  /** Unit length; undefined where nothing is searched for by meaning. */
  vector: Float32Array | undefined;
  /** Undefined where nothing was embedded. */
  source: QueryEmbedding['source'] | undefined;
  /** How long it took. */
  embedMs: number;
}

/** Nothing in it can be seen: spaces of all kinds, control and format characters. */
const BLANK = /^[\s\p{C}\p{Z}]*$/u;

/**
 * Throws `invalid_field` for a text that cannot be searched for: a blank one, or by its meaning where
 * there is no encoder.
 */
export function checkQuery(
  { query, text = PLAIN_TEXT }: SearchRequest,
  encoder: Encoder | undefined,
): void {
  if (typeof query !== 'string') return;
  if (BLANK.test(query)) throw invalidField('query', 'must hold something besides blanks');
  if (encoder !== undefined || text.mode !== 'vector') return;
  throw invalidField('mode', 'cannot be "vector": this node has no encoder (--model none)');
}

/** The third step of a search: a text's meaning through the encoder, which rejects as it does. */
export async function embed(
  meaning: Meaning,
  encoder: Encoder | undefined,
  { request, caller, deadline }: SearchStart,
): Promise<QueryVector> {
  if (typeof meaning !== 'string') return ready(meaning);
  const { tenant } = request;
  const { signal } = caller;
  const startedMs = performance.now();
  const embedding = await (encoder as Encoder).embedQuery(meaning, deadline, { tenant, signal });
  caller.span?.past('embed', startedMs);
  return { ...embedding, embedMs: performance.now() - startedMs };
}

/** The same for many, their texts in one pass: a vector or an error each. */
export async function embedAll(
  meanings: readonly Meaning[],
  encoder: Encoder | undefined,
  runs: readonly SearchStart[],
  { signal }: SearchCaller,
): Promise<(QueryVector | OmniError)[]> {
  const texts = meanings.filter((meaning) => typeof meaning === 'string');
  let embeddings: QueryEmbedding[] = [];
  let failure: OmniError | undefined;
  const startedMs = performance.now();
  if (texts.length > 0) {
    const deadline = Deadline.after(Math.max(...runs.map((run) => run.deadline.remainingMs())));
    const tenant = runs[0]?.request.tenant ?? '';
    try {
      embeddings = await (encoder as Encoder).embedQueries(texts, deadline, { tenant, signal });
    } catch (error) {
      failure = toOmniError(error);
    }
  }
  const embedMs = performance.now() - startedMs;
  meanings.forEach((meaning, i) => {
    if (typeof meaning === 'string') runs[i]?.caller.span?.past('embed', startedMs);
  });
  let next = 0;
  return meanings.map((meaning) => {
    if (typeof meaning !== 'string') return ready(meaning);
    return failure ?? { ...(embeddings[next++] as QueryEmbedding), embedMs };
  });
}

function ready(vector: Float32Array | undefined): QueryVector {
  return { vector, source: undefined, embedMs: 0 };
}
