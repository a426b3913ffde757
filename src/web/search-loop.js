// @ts-check
import { shop, withKey } from './shop.js';

/** @typedef {import('./wire.js').SearchReply} SearchReply */
/** @typedef {import('./search-request.js').Search} Search */

/** Quiet time after a keystroke before a search goes out. */
const DEBOUNCE_MS = 120;

/**
 * One search at a time: a newer one aborts the older, and an answer is handed on only while its
 * search is the newest.
 */
export class SearchLoop {
  /**
   * @param {object} handlers
   * @param {() => void} handlers.onStart
   * @param {(reply: SearchReply) => void} handlers.onReply
   * @param {(error: unknown) => void} handlers.onError
   * @param {(waitMs: number) => void} handlers.onRetry
   */
  constructor(handlers) {
    this.handlers = handlers;
    /** @type {AbortController | undefined} */
    this.current = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * Runs the search once the shopper pauses; what runs now is stale already.
   *
   * @param {() => { body: Search, tenant: string | undefined }} makeRequest
   */
  runSoon(makeRequest) {
    this.cancel();
    this.timer = setTimeout(() => void this.run(makeRequest()), DEBOUNCE_MS);
  }

  /**
   * @param {{ body: Search, tenant: string | undefined }} request
   * @returns {Promise<void>}
   */
  async run({ body, tenant }) {
    this.cancel();
    const current = new AbortController();
    this.current = current;
    const { signal } = current;
    const { onStart, onReply, onError, onRetry } = this.handlers;
    onStart();
    try {
      const reply = await withKey(
        () => /** @type {Promise<SearchReply>} */ (shop.search(body, { tenant, signal, onRetry })),
      );
      if (!signal.aborted) onReply(reply);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }

  cancel() {
    clearTimeout(this.timer);
    this.current?.abort();
  }
}
