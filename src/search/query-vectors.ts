import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type { Encoder, QueryEmbedding } from '../embedding/encoder.js';
import type { SearchRequest } from './search-types.js';

/** What is searched for, as a vector. */
export interface QueryVector {
  /** Unit length. */
  vector: Float32Array;
  /** Undefined for a vector that the caller brought. */
  source: QueryEmbedding['source'] | undefined;
}

/** The first step of a search: a caller's vector as it is, a text through the encoder. */
export class QueryVectors {
  /** `encoder` undefined with `--model none`: only vectors can be searched for. */
  constructor(private readonly model: Encoder | undefined) {}

  /** Rejects as the encoder does, and `unavailable` where there is none. */
  async of(request: SearchRequest, deadline: Deadline): Promise<QueryVector> {
    if (typeof request.query !== 'string') return { vector: request.query, source: undefined };
    return this.encoder().embedQuery(request.query, deadline);
  }

  /**
   * All texts in one pass. A promise a request, so that one that fails does not fail the others.
   */
  async ofBatch(requests: readonly SearchRequest[]): Promise<Promise<QueryVector>[]> {
    const texts = requests.flatMap(({ query }) => (typeof query === 'string' ? [query] : []));
    let embeddings: QueryEmbedding[] = [];
    let failure: OmniError | undefined;
    if (texts.length > 0) {
      const longest = Math.max(...requests.map(({ timeoutMs }) => timeoutMs));
      try {
        embeddings = await this.encoder().embedQueries(texts, Deadline.after(longest));
      } catch (error) {
        failure = toOmniError(error);
      }
    }
    let next = 0;
    return requests.map(async ({ query }) => {
      if (typeof query !== 'string') return { vector: query, source: undefined };
      if (failure !== undefined) throw failure;
      return embeddings[next++] as QueryEmbedding;
    });
  }

  private encoder(): Encoder {
    if (this.model !== undefined) return this.model;
    const message = 'this node has no encoder (--model none): search by vector';
    throw new OmniError('unavailable', message, { retryAfterMs: 60_000 });
  }
}
