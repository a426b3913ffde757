import type { Budget } from '../../core/budget.js';
import { OmniError } from '../../core/errors.js';
import type { Moved, SearchLeaf, SearchLeafReply } from '../../protocol/messages.js';
import type { TextQuery } from '../../query/text-query.js';
import { decodePosition } from '../../store/position.js';
import { ANALYZER_VERSION } from '../../text/analyzer.js';
import type { TenantIndex } from '../index/tenant-index.js';
import { viewTenant } from './view-tenant.js';
import { choosePartitions, type SearchableTenant } from './partition-choice.js';
import type { SearchTools } from './search-tools.js';

interface Searched extends SearchTools {
  tenant: SearchableTenant;
}

/**
 * Answers one request with what is found in the tenant's partitions that are here and ready, as of the
 * turn in which it begins; with what was found so far when the budget is spent.
 */
export async function searchTenant(
  request: SearchLeaf,
  budget: Budget,
  { tenant, pins, ...tools }: Searched,
): Promise<SearchLeafReply | Moved> {
  const startedMs = performance.now();
  const { index } = tenant;
  checkServed({ model: request.model, words: request.query.text }, index, tools.model);
  const { counter } = tenant.readiness.assignment;
  // In the same turn, so that rows and placement are of one state.
  const choice = choosePartitions(tenant, request);
  if (choice === undefined) return { type: 'moved', counter };
  const { partitions, refused } = choice;
  // What was pinned may be older.
  const state = request.pinned === undefined ? rowsState(index, counter) : {};
  const searcher = pins.take(request.pinned, index) ?? index.searcher();
  let isKept = false;
  try {
    const answer = await viewTenant(request, { searcher, partitions, index }, budget, tools);
    if (request.holds === true && request.pinned !== undefined) {
      // The round that follows may have as much time again.
      isKept = pins.keepOn(request.pinned, index, searcher, request.budgetMs);
    }
    const tookMs = performance.now() - startedMs;
    return { type: 'hits', ...answer, refused, counter, tookMs, ...state };
  } finally {
    if (!isKept) searcher.release();
  }
}

/**
 * In which state the rows are: how far the feed was applied, and by which placement. The same on all replicas.
 * Nothing where it is not known what is here.
 */
export function rowsState({ position }: TenantIndex, counter: number): { rows?: string } {
  const place = position && decodePosition(position);
  return place === undefined ? {} : { rows: `${place.sequence}.${counter}` };
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
