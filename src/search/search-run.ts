import { Deadline } from '../core/deadline.js';
import { Explainer } from './explanation.js';
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
}

/** Of a request's time, what is left to write its answer and send it. */
const REPLY_SHARE = 0.03;
const MAX_REPLY_MS = 30;

export function startRun(request: SearchRequest, caller: SearchCaller): SearchRun {
  const { timeoutMs, explain } = request;
  return {
    request,
    caller,
    startedMs: performance.now(),
    deadline: Deadline.after(timeoutMs - Math.min(MAX_REPLY_MS, timeoutMs * REPLY_SHARE)),
    explainer: explain ? new Explainer() : undefined,
  };
}
