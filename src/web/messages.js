// @ts-check
import { OmniSearchError } from '../client/omnisearch.js';

/** @typedef {import('./wire.js').MissingPart} MissingPart */

/** @type {Record<string, string>} */
const REASONS = {
  timeout: 'did not answer in time',
  unavailable: 'cannot be reached',
  not_ready: 'is still loading',
  overloaded: 'is too busy',
  stale_index: 'is behind the catalogue',
};

/** Names to spell out in one notice; more are counted. */
const MAX_NAMED = 3;

/**
 * What an incomplete answer lacks, as a sentence.
 *
 * @param {{ missing: readonly MissingPart[], coverage?: { percent: number } }} partial
 * @returns {string}
 */
export function missingText({ missing, coverage }) {
  const parts = [...new Set(missing.map(describePart))];
  const named = parts.slice(0, MAX_NAMED).join('; ');
  const rest = parts.length - MAX_NAMED;
  const share = coverage === undefined ? '' : ` ${Math.floor(coverage.percent)} % were searched.`;
  return `Some products may be missing: ${named}${rest > 0 ? `; and ${rest} more` : ''}.${share}`;
}

/** @param {MissingPart} part @returns {string} */
function describePart({ part, category, shard, reason }) {
  const why = REASONS[reason] ?? reason;
  if (part === 'store') return `the product store ${why}`;
  const where = shard === undefined ? 'a shard' : `shard ${shard}`;
  return category === undefined ? `${where} ${why}` : `${category} (${where} ${why})`;
}

/**
 * A failed request in a shopper's words.
 *
 * @param {unknown} error
 * @returns {{ text: string, detail: string, canRetry: boolean }}
 */
export function errorText(error) {
  if (!(error instanceof OmniSearchError)) {
    return { text: 'Something went wrong on this page.', detail: String(error), canRetry: true };
  }
  const id = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  const detail = `${error.message}${id}`;
  return { text: sentenceFor(error), detail, canRetry: error.status === 0 || error.status >= 429 };
}

/** @param {OmniSearchError} error @returns {string} */
function sentenceFor({ status, code }) {
  if (status === 0) return 'The shop cannot be reached.';
  if (status === 401) return 'This shop asks for a key. Reload the page to enter it.';
  if (status === 403) return 'This key may not do that.';
  if (status === 404) return 'The shop does not have this.';
  if (status === 400) return 'The shop did not understand this search.';
  if (status === 429 || code === 'overloaded') return 'The shop is very busy right now.';
  if (status === 503) return 'The search is not available right now.';
  if (status === 504) return 'The search took too long.';
  return 'Something went wrong in the shop.';
}

/**
 * How many products there are, in words: read out when it changes.
 *
 * @param {number} total
 * @param {{ query: string, page: number, pages: number, isWhole: boolean }} asked `isWhole`: nothing is missing
 * @returns {string}
 */
export function countText(total, { query, page, pages, isWhole }) {
  const what = total === 1 ? 'product' : 'products';
  const least = isWhole ? '' : 'At least ';
  const count = total === 0 ? 'Nothing found' : `${least}${total.toLocaleString()} ${what}`;
  const about = query === '' ? '' : ` for ${quoted(query)}`;
  return `${count}${about}${page > 1 ? `, page ${page} of ${pages}` : ''}`;
}

/** A query in quotes, unless it has some of its own. @param {string} query @returns {string} */
export function quoted(query) {
  return query.includes('"') ? query : `“${query}”`;
}
