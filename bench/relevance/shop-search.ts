import type { JsonClient } from '../lib/client.js';

/** How a search ranks; the product's own names. */
export const MODES = ['hybrid', 'keyword', 'vector'] as const;
export type Mode = (typeof MODES)[number];

/** What the checks read of a reply to `POST /search/text`. */
interface TextReply {
  hits: { id: string; score: number }[];
  total: number;
  rewritten: { from: string; to: string } | null;
  understood: { text: string }[];
  partial: object | null;
}

interface Asking {
  topK?: number;
  mode?: Mode;
  exact?: boolean;
}

const TIMEOUT_MS = 10_000;

/** Searches as a shop does. Throws where the answer is no 200, or misses a part. */
export class ShopSearch {
  constructor(private readonly client: JsonClient) {}

  async ask(query: string, { topK = 10, mode = 'hybrid', exact = false }: Asking = {}) {
    const body = { query, mode, exact, top_k: topK, fields: [], timeout_ms: TIMEOUT_MS };
    const reply = (await this.client.expect('POST', '/search/text', body)) as TextReply;
    if (reply.partial !== null) throw new Error(`"${query}": ${JSON.stringify(reply.partial)}`);
    return reply;
  }

  /** The ids of the hits, the best first. */
  async rank(query: string, asking?: Asking): Promise<string[]> {
    return (await this.ask(query, asking)).hits.map(({ id }) => id);
  }
}
