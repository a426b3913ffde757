import type { Budget } from '../../core/budget.js';
import { OmniError } from '../../core/errors.js';
import type { Moved, SearchLeaf, SearchLeafReply } from '../../protocol/messages.js';
import { bytesVector } from '../../query/leaf-query.js';
import type { LeafExplanation } from '../../query/leaf-result.js';
import type { TextQuery } from '../../query/text-query.js';
import { ANALYZER_VERSION } from '../../text/analyzer.js';
import type { Searcher } from '../index/searcher.js';
import type { TenantIndex } from '../index/tenant-index.js';
import { leafSearch, type LeafRequest, type LeafResult } from '../leaf/leaf-search.js';
import { SearchTrace } from '../leaf/search-trace.js';
import { matchedWords } from '../leaf/words/describe-words.js';
import { hitColumns } from './hit-columns.js';
import { viewTenant } from './view-tenant.js';
import { choosePartitions, type SearchableTenant } from './partition-choice.js';
import type { SearchTools } from './search-tools.js';

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
  { tenant, watcher, pins, ...tools }: Searched,
): Promise<SearchLeafReply | Moved> {
  const startedMs = performance.now();
  const { index } = tenant;
  checkServed({ model: request.model, words: request.query.text }, index, tools.model);
  const { counter } = tenant.assignment;
  // In the same turn, so that rows and placement are of one state.
  const choice = choosePartitions(tenant, request);
  if (choice === undefined) return { type: 'moved', counter };
  const { partitions, refused } = choice;
  const searcher = pins.take(request.pinned, index) ?? index.searcher();
  let isKept = false;
  try {
    const { views, choose } = request.query;
    if (views !== undefined || choose !== undefined) {
      const of = { searcher, partitions, index };
      const answer = await viewTenant(request, of, budget, { ...tools, watcher });
      if (request.holds === true && request.pinned !== undefined) {
        // The round that follows may have as much time again.
        isKept = pins.keepOn(request.pinned, index, searcher, request.budgetMs);
      }
      const tookMs = performance.now() - startedMs;
      return { type: 'hits', ...answer, refused, counter, tookMs };
    }
    const query = queryOf(request, tools);
    const found = await leafSearch(searcher, partitions, query, budget);
    const { more, matches, timedOut } = found;
    const { vector, filter, k, exact, text } = query;
    if (vector !== undefined && !exact && !timedOut && matches > 0) {
      index.recentQueries.offer(vector);
      watcher?.searched(index, { vector, filter, partitions, k });
    }
    return {
      type: 'hits',
      hits: hitColumns(found.hits, text !== undefined, vector !== undefined),
      matches,
      more,
      refused,
      counter,
      tookMs: performance.now() - startedMs,
      timedOut,
      ...(query.trace === undefined
        ? {}
        : { explanation: explained(query, found, searcher, budget) }),
    };
  } finally {
    if (!isKept) searcher.release();
  }
}

function explained(
  { trace, text }: LeafRequest,
  { hits }: LeafResult,
  { live }: Searcher,
  { yields }: Budget,
): LeafExplanation {
  const steps = trace?.steps ?? [];
  if (text === undefined) return { live, steps, yields };
  return { live, steps, yields, matched: matchedWords(hits, text) };
}

function queryOf(
  request: SearchLeaf,
  { dimensions, costs }: Pick<SearchTools, 'dimensions' | 'costs'>,
): LeafRequest {
  const { vector: bytes, text, filter, k, exact } = request.query;
  const vector = bytes && bytesVector(bytes);
  if (vector === undefined ? text === undefined : vector.length !== dimensions) {
    throw new OmniError('internal', `a vector of ${vector?.length ?? 0} dimensions was asked for`);
  }
  return {
    ...{ vector, text, filter, k, exact },
    trace: request.explain === true ? new SearchTrace() : undefined,
    costs,
  };
}

/** What a request takes for granted: of which model the rows are, and how their words were made. */
interface Expected {
  model: string;
  words: Pick<TextQuery, 'analyzer' | 'generation'> | undefined;
}

/** Throws unless the rows here are of that model, and their words made so. */
export function checkServed(
  { model, words }: Expected,
  { text }: TenantIndex,
  served: string,
): void {
  if (model !== served) {
    throw new OmniError('unavailable', 'this shard serves vectors of another model');
  }
  if (words === undefined) return;
  if (words.analyzer !== ANALYZER_VERSION) {
    throw new OmniError('unavailable', 'this shard has words of another version of the analyzer');
  }
  if (words.generation !== text.generation) {
    throw new OmniError('unavailable', 'this shard has words of other settings');
  }
}
