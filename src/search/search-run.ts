import { Deadline } from '../core/deadline.js';
import type { Encoder } from '../embedding/encoder.js';
import { Explainer } from './explanation.js';
import { ResultCache } from './result-cache.js';
import type { SearchCaller, SearchRequest } from './search-types.js';

/** One search under way: what was asked, and what bounds it. */
export interface SearchRun {
  request: SearchRequest;
  caller: SearchCaller;
  startedMs: number;
  /** For the whole request. */
  deadline: Deadline;
  /** Undefined unless the caller asked for an explanation. */
  explainer: Explainer | undefined;
  /** Under which the result cache keeps the ranking; undefined where it does not. */
  key: string | undefined;
}

/** Of a request's time, what is left to write its answer and send it. */
const REPLY_SHARE = 0.03;
const MAX_REPLY_MS = 30;

export function startRun(
  request: SearchRequest,
  caller: SearchCaller,
  encoder: Encoder | undefined,
  results: ResultCache | undefined,
): SearchRun {
  const { query, timeoutMs, explain } = request;
  // What is to be explained is searched for.
  const keyed = results !== undefined && encoder !== undefined && !explain;
  return {
    request,
    caller,
    startedMs: performance.now(),
    deadline: Deadline.after(timeoutMs - Math.min(MAX_REPLY_MS, timeoutMs * REPLY_SHARE)),
    explainer: explain ? new Explainer() : undefined,
    key:
      keyed && typeof query === 'string'
        ? ResultCache.key(request, encoder.queryKey(query))
        : undefined,
  };
}
