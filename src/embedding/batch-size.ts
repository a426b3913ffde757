import type { CostEstimate } from './cost-estimate.js';

/** Texts of a batch at most: past this a batch is no cheaper a text. */
const MAX_BATCH_TEXTS = 32;
/** A batch of queries should be done within this, so that the next ones do not wait long. */
const QUERY_BATCH_MS = 25;
/**
 * However dear, so many go together while that makes each much cheaper: a machine that is too slow
 * for the budget must not fall back to one by one when it has most to do.
 */
const THRIFTY_TEXTS = 4;
/** Texts of one request that finds all workers idle are shared out at once, up to so many each. */
const EVEN_SHARE_TEXTS = 10;
/** As `QUERY_BATCH_MS` for products, while queries come in and while none do. */
const PRODUCT_BATCH_ACTIVE_MS = 15;
const PRODUCT_BATCH_IDLE_MS = 80;

/**
 * How many queries of `length` tokens a batch has at most; `evenly`: those of one request are shared
 * out among idle workers.
 */
export function queryBatchTexts(cost: CostEstimate, length: number, evenly: boolean): number {
  const thrifty = Math.min(THRIFTY_TEXTS, cost.thriftyTexts(length));
  const affordable = cost.textsWithin(QUERY_BATCH_MS, length);
  const usual = Math.min(MAX_BATCH_TEXTS, Math.max(thrifty, affordable));
  return evenly ? Math.max(usual, EVEN_SHARE_TEXTS) : usual;
}

/** How many products of `length` tokens a batch has at most; `isActive`: queries are coming in. */
export function productBatchTexts(cost: CostEstimate, length: number, isActive: boolean): number {
  const budgetMs = isActive ? PRODUCT_BATCH_ACTIVE_MS : PRODUCT_BATCH_IDLE_MS;
  return Math.min(MAX_BATCH_TEXTS, cost.textsWithin(budgetMs, length));
}
