import type { OmniError } from '../core/errors.js';
import type { SearchMode } from '../metrics/search-metrics.js';
import type { SearchReply, SearchRequest } from '../search/search-types.js';
import { statusOf } from './error-reply.js';

/** Statuses from here on are not the caller's fault. */
export const SERVER_FAULT = 500;
const TOO_MANY = 429;
const NOTHING: ReadonlySet<string> = new Set();

/** What finds the hits of a search, for who counts it. */
export function modeOf({ query, similarTo, text }: SearchRequest): SearchMode {
  if (similarTo !== undefined) return 'similar';
  if (query === undefined) return 'browse';
  if (typeof query !== 'string') return 'vector';
  if (text?.mode === 'keyword') return 'keyword';
  return text?.mode === 'vector' ? 'meaning' : 'text';
}

/** How a search ended that has no answer. `rejected`: it was its sender's mistake. */
export function outcomeOf(
  error: OmniError,
  isAbandoned: boolean,
): 'rejected' | 'refused' | 'failed' | 'abandoned' {
  const status = statusOf(error);
  if (status < SERVER_FAULT && status !== TOO_MANY) return 'rejected';
  if (isAbandoned) return 'abandoned';
  return status === TOO_MANY || error.code === 'overloaded' ? 'refused' : 'failed';
}

/** Why anything is missing of an answer, each reason once. */
export function reasonsOf({ missing }: SearchReply): ReadonlySet<string> {
  return missing.length === 0 ? NOTHING : new Set(missing.map(({ reason }) => reason));
}
