import type { Budget } from '../../core/budget.js';
import { OmniError } from '../../core/errors.js';
import type { Moved, SearchLeaf, SearchLeafReply } from '../../protocol/messages.js';
import { bytesVector } from '../../query/leaf-query.js';
import type { HitColumns } from '../../query/leaf-result.js';
import type { CostModel } from '../leaf/cost-model.js';
import type { LeafHit } from '../leaf/leaf-hit.js';
import { leafSearch, type LeafRequest } from '../leaf/leaf-search.js';
import { SearchTrace } from '../leaf/search-trace.js';
import type { RecallWatcher } from '../recall/recall-watcher.js';
import { choosePartitions, type SearchableTenant } from './partition-choice.js';

/** What a search of a tenant needs of its shard. */
export interface SearchTools {
  /** Fingerprint of the vectors that are served. */
  model: string;
  dimensions: number;
  costs: CostModel;
  watcher: RecallWatcher | undefined;
}

interface Searched extends SearchTools {
  tenant: SearchableTenant;
}

/**
 * Answers one request with the hits of the tenant's partitions that are here and ready, as of the
 * turn in which it begins; with those found so far when the budget is spent.
 */
export async function searchTenant(
  request: SearchLeaf,
  budget: Budget,
  { tenant, watcher, ...tools }: Searched,
): Promise<SearchLeafReply | Moved> {
  const startedMs = performance.now();
  const query = queryOf(request, tools);
  const { counter } = tenant.assignment;
  // In the same turn, so that rows, position and placement are of one state.
  const choice = choosePartitions(tenant, request);
  if (choice === undefined) return { type: 'moved', counter };
  const { partitions, refused } = choice;
  const searcher = tenant.index.searcher();
  const { live, position } = searcher;
  try {
    const found = await leafSearch(searcher, partitions, query, budget);
    const { hits, more, matches, timedOut } = found;
    if (!query.exact && !timedOut && matches > 0) {
      const { vector, filter, k } = query;
      tenant.index.recentQueries.offer(vector);
      watcher?.searched(tenant.index, { vector, filter, partitions, k });
    }
    return {
      type: 'hits',
      hits: columns(hits),
      matches,
      more,
      refused,
      counter,
      tookMs: performance.now() - startedMs,
      timedOut,
      ...(position === undefined ? {} : { position }),
      ...(query.trace === undefined
        ? {}
        : { explanation: { live, steps: query.trace.steps, yields: budget.yields } }),
    };
  } finally {
    searcher.release();
  }
}

function queryOf(
  request: SearchLeaf,
  { model, dimensions, costs }: Omit<SearchTools, 'watcher'>,
): LeafRequest {
  if (request.model !== model) {
    throw new OmniError('unavailable', 'this shard serves vectors of another model');
  }
  const { vector: bytes, filter, k, exact } = request.query;
  const vector = bytesVector(bytes ?? new Uint8Array());
  if (vector.length !== dimensions) {
    throw new OmniError('internal', `a vector of ${vector.length} dimensions was asked for`);
  }
  return {
    ...{ vector, filter, k, exact },
    trace: request.explain === true ? new SearchTrace() : undefined,
    costs,
  };
}

function columns(hits: readonly LeafHit[]): HitColumns {
  return {
    ids: hits.map((hit) => hit.id),
    versions: hits.map((hit) => hit.version),
    scores: { vector: hits.map((hit) => hit.score) },
  };
}
