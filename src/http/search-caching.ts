import type { FastifyReply } from 'fastify';
import { digest } from '../core/ids.js';
import type { SearchRequest } from '../search/search-types.js';
import { TENANT_HEADER } from '../tenancy/tenant-directory.js';
import type { AnswersPort } from './ports.js';
import { addVary } from './vary.js';

/** What else of a request than its address decides about its answer. */
const VARY = [TENANT_HEADER, 'Authorization', 'X-OmniSearch-Key', 'Accept-Encoding'];

/**
 * Lets browsers and edges keep the answers of `GET /search` for a while; an answer that is not complete, and
 * every answer where `maxAgeS` is 0, is kept by nobody.
 */
export class SearchCaching {
  constructor(
    private readonly maxAgeS: number,
    private readonly answers: AnswersPort,
  ) {}

  /**
   * The tag of the answer to `body`, which was read as `search`; undefined where there is none. Weak: two answers
   * differ in their times.
   */
  async tagOf(search: SearchRequest, body: object): Promise<string | undefined> {
    if (this.maxAgeS === 0) return undefined;
    const state = await this.answers.of(search).catch(() => undefined);
    return state && `W/"${digest(state, canonical(body))}"`;
  }

  /** Headers of an answer. */
  allow(reply: FastifyReply, tag: string | undefined, isComplete: boolean): void {
    if (this.maxAgeS === 0 || !isComplete) {
      reply.header('cache-control', 'no-store');
      return;
    }
    reply.header('cache-control', `public, max-age=${this.maxAgeS}`);
    for (const header of VARY) addVary(reply, header);
    if (tag !== undefined) reply.header('etag', tag);
  }
}

/** The same whatever the order of its members, which says nothing. */
function canonical(body: object): string {
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
