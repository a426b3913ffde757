// @ts-check
import { OmniSearch, OmniSearchError } from '../client/omnisearch.js';
import { askForKey, storedKey } from './key.js';

/** The shop that serves this page, with the key of this tab. */
export const shop = new OmniSearch({
  addresses: [location.origin],
  apiKey: storedKey,
  timeoutMs: 15_000,
  attemptTimeoutMs: 15_000,
});

/**
 * A call to the shop; where it wants another key, that is asked for.
 *
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function withKey(call) {
  for (;;) {
    const key = storedKey();
    try {
      return await call();
    } catch (error) {
      const refused = error instanceof OmniSearchError && error.status === 401;
      if (!refused || !(await askForKey(key))) throw error;
    }
  }
}

/** What a shop may lack, and the page can do without. */
export class Extra {
  constructor() {
    this.isAbsent = false;
  }

  /**
   * @template T
   * @param {() => Promise<T>} call
   * @returns {Promise<T | undefined>} undefined where it failed; after a 404 it is not asked again
   */
  async get(call) {
    if (this.isAbsent) return undefined;
    try {
      return await call();
    } catch (error) {
      if (error instanceof OmniSearchError && error.status === 404) this.isAbsent = true;
      return undefined;
    }
  }
}
