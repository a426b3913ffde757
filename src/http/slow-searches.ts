import type { FastifyRequest } from 'fastify';
import { digest } from '../core/ids.js';
import { fieldsOf } from '../filter/analyse.js';
import type { Explainer, ShardExplanation } from '../search/explanation.js';
import type { SearchRequest } from '../search/search-types.js';
import { rounded } from './rounded.js';

export interface SlowSearchOptions {
  /** Searches that took so long, and longer, are logged. */
  slowMs: number;
  /** What is logged of the texts of queries. */
  texts: 'none' | 'hash' | 'full';
}

/** What became of the searches of a request. */
interface SearchesDone {
  /** One of each search that was done; none where a kept answer served. */
  notes: readonly Explainer[];
  elapsedMs: number;
  /** Code of the error that it was answered with. */
  failure: string | undefined;
}

/** Lines a second: where everything is slow, the log is not to make it slower. */
const MAX_A_SECOND = 10;
/** Of a batch, so many of its searches. */
const MAX_SEARCHES = 5;
const MAX_SHARDS = 32;
const MAX_STEPS = 8;
const SECOND_MS = 1_000;

/** The log of slow searches: what was asked for, and where the time went. */
export class SlowSearches {
  private secondMs = -Infinity;
  private inSecond = 0;
  /** Slow ones of which there is no line. */
  private unlogged = 0;

  constructor(private readonly options: SlowSearchOptions) {}

  /**
   * @param searches what was asked for
   */
  answered(
    { log, routeOptions, exchange, tenant }: FastifyRequest,
    searches: readonly SearchRequest[],
    { notes, elapsedMs, failure }: SearchesDone,
  ): void {
    if (elapsedMs < this.options.slowMs || !this.mayLog()) return;
    const traceId = exchange.span?.traceId;
    log.warn(
      {
        ...{ ms: rounded(elapsedMs), tenant, route: routeOptions.url },
        ...(traceId === undefined ? {} : { traceId }),
        ...(failure === undefined ? {} : { failure }),
        count: searches.length,
        asked: searches.slice(0, MAX_SEARCHES).map((search) => this.shownOf(search)),
        done: notes.slice(0, MAX_SEARCHES).map(workOf),
        ...(this.unlogged === 0 ? {} : { unlogged: this.unlogged }),
      },
      'slow search',
    );
    this.unlogged = 0;
  }

  private mayLog(): boolean {
    const now = performance.now();
    if (now - this.secondMs >= SECOND_MS) {
      this.secondMs = now;
      this.inSecond = 0;
    }
    this.inSecond += 1;
    if (this.inSecond <= MAX_A_SECOND) return true;
    this.unlogged += 1;
    return false;
  }

  /** Names of fields, never their values: those are the shopper's. */
  private shownOf({ query, text, topK, filter, exact, shop, priceList }: SearchRequest): object {
    const fields = fieldsOf(filter);
    return {
      ...(typeof query === 'string' ? { mode: text?.mode ?? 'hybrid', ...this.textOf(query) } : {}),
      ...(query instanceof Float32Array ? { mode: 'vector' } : {}),
      ...{ topK, exact },
      ...(fields.length === 0 ? {} : { filter: fields }),
      ...(priceList === undefined ? {} : { priceList: true }),
      ...(shop === undefined
        ? {}
        : {
            from: shop.from,
            facets: shop.facets.map(({ field }) => field),
            sort: shop.sort.map(({ field }) => field),
            ...(shop.group === undefined ? {} : { group: shop.group.field }),
          }),
    };
  }

  private textOf(query: string): object {
    switch (this.options.texts) {
      case 'none':
        return {};
      case 'hash':
        return { queryHash: digest(query) };
      case 'full':
        return { query };
    }
  }
}

/** Stages, rounds and shards of one search. */
function workOf(notes: Explainer): object {
  const { timingsMs, rounds, k, shards } = notes.explanation();
  const stagesMs = Object.entries(timingsMs).map(([stage, ms]) => [stage, rounded(ms)] as const);
  return {
    ...{ stagesMs: Object.fromEntries(stagesMs), rounds, k, ...notes.counts },
    shards: shards.slice(0, MAX_SHARDS).map(shardOf),
  };
}

function shardOf({
  shard,
  roundTripMs,
  tookMs,
  partitions,
  refused,
  matches,
  leaf,
}: ShardExplanation) {
  return {
    ...{ shard, roundTripMs: rounded(roundTripMs), tookMs: rounded(tookMs) },
    ...{ partitions, refused, matches },
    plan: leaf?.steps.slice(0, MAX_STEPS).map(({ block, plan, rows, rowsScanned, tookUs }) => {
      return { block, plan, rows, rowsScanned, ms: rounded(tookUs / 1_000) };
    }),
  };
}
