import type { FastifyReply, FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';
import type { SearchMetrics, SearchMode } from '../metrics/search-metrics.js';
import type { SearchReply, SearchRequest } from '../search/search-types.js';
import { asOmniError, logFailure, statusOf } from './error-reply.js';
import type { HttpPorts } from './ports.js';
import { modeOf, outcomeOf, reasonsOf, SERVER_FAULT } from './search-outcome.js';

const UNREAD: readonly SearchMode[] = ['unread'];

/** What is counted of an answer: its hits are given away as it is written. */
interface CountedAnswer {
  tookMs: number;
  missing: ReadonlySet<string>;
}

/** Counts searches for the operator's metrics and for the usage of their tenants. */
export class SearchCounter {
  constructor(
    private readonly metrics: SearchMetrics,
    private readonly meter: HttpPorts['meter'],
  ) {}

  /** Counts the searches of a request that is answered with an error; one, where it was not read so far. */
  readonly onError = async (
    request: FastifyRequest,
    reply: FastifyReply,
    error: Error,
  ): Promise<void> => {
    const { searches = [] } = request;
    for (const mode of searches.length === 0 ? UNREAD : searches) {
      this.failed(request, asOmniError(error), mode, reply.elapsedTime);
    }
  };

  answered(search: SearchRequest, elapsedMs: number, missing: ReadonlySet<string>): void {
    this.metrics.answered(search.tenant, modeOf(search), elapsedMs, missing);
    this.meter.searched(search.tenant, elapsedMs);
  }

  /** Those of a batch, which were begun together: each took until its own answer was there. */
  each(
    request: FastifyRequest,
    entries: readonly (SearchRequest | OmniError)[],
    results: readonly (CountedAnswer | OmniError)[],
    { waitedMs, startedMs }: { waitedMs: number; startedMs: number },
  ): void {
    for (const [i, result] of results.entries()) {
      const entry = entries[i];
      const search = entry instanceof OmniError ? undefined : entry;
      if (result instanceof OmniError) {
        const mode = search === undefined ? 'unread' : modeOf(search);
        this.failed(request, result, mode, performance.now() - startedMs);
        if (search !== undefined) this.outage([search.tenant], result);
        logFailure(request, result);
      } else if (search !== undefined) {
        this.answered(search, waitedMs + result.tookMs, result.missing);
      }
    }
  }

  /** Counts searches of tenants as failed; what its caller is to blame for is no outage of theirs. */
  outage(tenants: readonly string[], error: unknown): void {
    if (statusOf(asOmniError(error)) < SERVER_FAULT) return;
    for (const tenant of tenants) this.meter.count(tenant, 'failed', 1);
  }

  private failed(
    request: FastifyRequest,
    error: OmniError,
    mode: SearchMode,
    elapsedMs: number,
  ): void {
    // Absent where its connection had too many.
    const exchange = request.exchange as FastifyRequest['exchange'] | undefined;
    const outcome = outcomeOf(error, exchange?.signal.aborted === true);
    if (outcome === 'rejected') {
      this.metrics.rejected(error.code);
      return;
    }
    const isError = outcome !== 'abandoned' && statusOf(error) >= SERVER_FAULT;
    this.metrics.unanswered(mode, outcome, error.code, isError, elapsedMs);
  }
}

/** What is counted of a result of a batch. */
export function countedOf(result: SearchReply | OmniError): CountedAnswer | OmniError {
  if (result instanceof OmniError) return result;
  return { tookMs: result.tookMs, missing: reasonsOf(result) };
}
