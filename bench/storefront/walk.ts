import type { JsonClient } from '../lib/client.js';
import type { Churn } from './churn.js';

/** A set that is walked: a query or all products, a filter, an order. */
export interface WalkRequest {
  body: Record<string, unknown>;
  /** Pages that it is cut into. */
  pages: number;
}

export interface WalkReport {
  pages: number;
  products: number;
  /** Products that came twice. */
  duplicates: number;
  /** Products unchanged throughout that did not come. */
  gaps: number;
  /** Unchanged products that came, and were not of the set when the walk began. */
  strangers: number;
  /** Deleted before their page was asked for. */
  ghosts: number;
}

interface PageReply {
  hits: { id: string }[];
  total: number;
  next_cursor?: string;
  partial: unknown;
}

/** Products a set may have at most: one page shows all of it for comparison. */
const MOST_PRODUCTS = 1_000;

/** Undefined where the set is too large, or too small, to be cut into so many pages. */
export async function walkOnce(
  client: JsonClient,
  { body, pages }: WalkRequest,
  churn: Churn,
): Promise<WalkReport | undefined> {
  const startedMs = performance.now();
  const ask = async (more: Record<string, unknown>): Promise<PageReply> =>
    (await client.expect('POST', '/search/text', {
      ...body,
      fields: ['id'],
      ...more,
    })) as PageReply;
  const whole = await ask({ top_k: MOST_PRODUCTS });
  const perPage = Math.ceil(whole.total / pages);
  if (whole.total > MOST_PRODUCTS || whole.total < pages || perPage > 250) return undefined;
  const before = new Set(whole.hits.map(({ id }) => id));

  const seen = new Map<string, number>();
  const report = { pages: 0, products: 0, duplicates: 0, gaps: 0, strangers: 0, ghosts: 0 };
  let cursor: string | undefined = '*';
  while (cursor !== undefined) {
    const askedMs = performance.now();
    const page: PageReply = await ask({ cursor, per_page: perPage });
    if (page.partial !== null) throw new Error('a page was answered in part');
    report.pages += 1;
    for (const { id } of page.hits) {
      seen.set(id, (seen.get(id) ?? 0) + 1);
      if (churn.wasDeleted(id, askedMs)) report.ghosts += 1;
      if (!before.has(id) && !churn.touched(id, startedMs)) report.strangers += 1;
    }
    cursor = page.next_cursor;
  }
  report.products = seen.size;
  for (const times of seen.values()) if (times > 1) report.duplicates += 1;
  for (const id of before) if (!seen.has(id) && !churn.touched(id, startedMs)) report.gaps += 1;
  return report;
}
