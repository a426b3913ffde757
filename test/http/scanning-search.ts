import type { CancelSignal } from '../../src/core/cancellation.js';
import { invalidField, type OmniError } from '../../src/core/errors.js';
import { score } from '../../src/core/vector.js';
import type { SearchPort } from '../../src/http/ports.js';
import type { Explanation } from '../../src/search/explanation.js';
import {
  Hit,
  PLAIN_REPLY,
  type SearchCaller,
  type SearchReply,
  type SearchRequest,
} from '../../src/search/search-types.js';
import { CountingEncoder, type IngestHarness } from '../ingest/harness.js';

/** What an answer is explained by. */
const EXPLANATION: Explanation = {
  timingsMs: { embed: 0.1, words: 0.3, plan: 0.01, fanOut: 0.4, merge: 0.02, join: 0.2 },
  rounds: 1,
  k: 16,
  shards: [
    {
      shard: 's1',
      roundTripMs: 0.4,
      tookMs: 0.31234,
      partitions: 2,
      refused: 0,
      matches: 50,
      leaf: {
        live: 100,
        yields: 0,
        steps: [
          {
            block: 'segment-1',
            categories: ['Mice'],
            plan: 'graph',
            rows: 60,
            matches: 50,
            ef: 128,
            candidates: 128,
            estimatedUs: 220,
            rowsScanned: 0,
            rescored: 17,
            tookUs: 250,
            gaveUp: false,
          },
        ],
      },
    },
  ],
};

/** Scans the store: enough of a search for the routes in front of it. */
export class ScanningSearch implements SearchPort {
  seen: SearchRequest[] = [];
  contexts: SearchCaller[] = [];
  /** Set to make searches fail, or wait. */
  failure: Error | undefined;
  hold: Promise<void> | undefined;

  constructor(private readonly node: IngestHarness) {}

  async search(request: SearchRequest, context: SearchCaller): Promise<SearchReply> {
    this.seen.push(request);
    this.contexts.push(context);
    if (this.failure !== undefined) throw this.failure;
    if (this.hold !== undefined) await Promise.race([this.hold, aborted(context.signal)]);
    if (typeof request.query === 'string' && this.node.deps.encoder === undefined) {
      throw invalidField('query', 'cannot be embedded: --model none');
    }
    const query =
      typeof request.query === 'string'
        ? CountingEncoder.vector(request.query)
        : (request.query ?? new Float32Array());
    const { entries } = await this.node.store.readFeed(request.tenant, undefined, 1_000);
    const ids = entries.filter((entry) => !entry.deleted).map((entry) => entry.id);
    const rows = await this.node.store.rows(request.tenant, ids);
    const hits = rows
      .flatMap((row) => (row === undefined ? [] : [row]))
      .map(({ product, json, vectors }) => new Hit(product.id, score(query, vectors.text), json))
      .sort((a, b) => b.score - a.score)
      .slice(0, request.topK);
    for (const { json } of hits) context.bytes.take(json.length);
    return {
      hits,
      tookMs: 1.23456,
      timingsMs: { embed: 0.1, search: 0.5, join: 0.2 },
      embedding: typeof request.query === 'string' ? 'computed' : undefined,
      model: 'counting@ffffffff',
      missing: [],
      coverage: undefined,
      unknownFields: [],
      through: undefined,
      explanation: request.explain ? EXPLANATION : undefined,
      text: undefined,
      shop: { ...PLAIN_REPLY, total: hits.length },
    };
  }

  async searchBatch(
    requests: readonly SearchRequest[],
    context: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    const searching = requests.map((request) => this.search(request, context));
    return Promise.all(
      searching.map((search) => search.catch((error: unknown) => error as OmniError)),
    );
  }
}

function aborted(signal: CancelSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
