import { Deadline } from '../core/deadline.js';
import { StageClock } from '../core/stage-times.js';
import { Explainer } from './explanation.js';
import {
  PLAIN_SHOP,
  type SearchCaller,
  type SearchRequest,
  type ShopOptions,
} from './search-types.js';
import { narrowedShop } from './narrowed-request.js';
import type { Shaping } from './shape.js';
import type { OpenWalk } from './cursor.js';

/** What bounds one search, and who waits for it. */
export interface SearchStart {
  request: SearchRequest;
  caller: SearchCaller;
  startedMs: number;
  /** For the whole request. */
  deadline: Deadline;
  /** What its stages take. */
  clock: StageClock;
  /** Undefined unless the caller asked for an explanation. */
  explainer: Explainer | undefined;
}

/** One search under way: what was asked, what shapes its answer, and what bounds it. */
export interface SearchRun extends SearchStart {
  shop: ShopOptions;
  /** Number of the price list that the request names. */
  list: number | undefined;
  shaping: Shaping;
  /** Undefined unless it is of a walk over all pages. */
  walk: OpenWalk | undefined;
}

/** Of a request's time, what is left to write its answer and send it. */
const REPLY_SHARE = 0.03;
const MAX_REPLY_MS = 30;

export function startRun(request: SearchRequest, caller: SearchCaller): SearchStart {
  const { timeoutMs, explain } = request;
  return {
    request,
    caller,
    startedMs: performance.now(),
    clock: new StageClock(),
    deadline: Deadline.after(timeoutMs - Math.min(MAX_REPLY_MS, timeoutMs * REPLY_SHARE)),
    explainer: explain ? new Explainer() : undefined,
  };
}

/** What a storefront asked for; to sort by the score alone is what is done anyhow. */
export function shopOf(request: SearchRequest): ShopOptions {
  const shop = narrowedShop(request, request.shop ?? PLAIN_SHOP);
  const [first, second] = shop.sort;
  const isByScore = first?.field === '_score' && first.order === 'desc' && second === undefined;
  return isByScore ? { ...shop, sort: [] } : shop;
}
