import type { Reply } from '../load/tally.js';
import { failureOf, type JsonClient } from './client.js';

/** The parts of a search reply that the benches read (see the outside contract). */
export interface SearchBody {
  hits: { id: string; score: number; product?: Record<string, unknown> }[];
  took_ms: number;
  timings_ms: { embed?: number; search: number; join: number };
  embedding?: 'cached' | 'shared' | 'computed';
  partial: object | null;
}

/** A search as the load engines see it. */
export interface SearchReply extends Reply {
  body?: SearchBody;
}

/** A search that never throws: failures are named `503 overloaded`, `timeout`, `ECONNRESET` … */
export async function search(
  client: JsonClient,
  route: '/search/text' | '/search/vector',
  request: object | Buffer,
): Promise<SearchReply> {
  try {
    const { status, body } = await client.request('POST', route, request);
    if (status === 200) return { body: body as SearchBody };
    const code = (body as { error?: { code?: string } }).error?.code ?? '';
    return { failure: `${String(status)} ${code}`.trim() };
  } catch (error) {
    return failureOf(error);
  }
}

/** A search whose failure is an error. */
export async function mustSearch(...args: Parameters<typeof search>): Promise<SearchBody> {
  const { failure, body } = await search(...args);
  if (body === undefined) throw new Error(`${args[1]}: ${failure ?? 'no body'}`);
  return body;
}

/** Where the time of one request went; the four add up to the latency. */
interface Split {
  embed_ms: number;
  search_ms: number;
  join_ms: number;
  /** HTTP, parsing, queueing and the client. */
  rest_ms: number;
}

/** What an ordinary load result does not know of searches: partial replies, cache hits, the split. */
export class SearchTally {
  private readonly samples: (Split & { latency_ms: number })[] = [];
  private partial = 0;
  private cached = 0;
  private embedded = 0;

  readonly onReply = ({ body }: SearchReply, latencyMs: number): void => {
    if (body === undefined) return;
    if (body.partial !== null) this.partial += 1;
    if (body.embedding !== undefined) this.embedded += 1;
    if (body.embedding === 'cached') this.cached += 1;
    const { embed = 0, search: searchMs, join } = body.timings_ms;
    this.samples.push({
      latency_ms: latencyMs,
      embed_ms: embed,
      search_ms: searchMs,
      join_ms: join,
      rest_ms: latencyMs - embed - searchMs - join,
    });
  };

  result() {
    this.samples.sort((a, b) => a.latency_ms - b.latency_ms);
    return {
      partial_replies: this.partial,
      cache_hit_rate: this.embedded === 0 ? null : this.cached / this.embedded,
      split_p50: this.splitAround(0.45, 0.55),
      split_p99: this.splitAround(0.985, 0.995),
    };
  }

  /**
   * The mean split of the requests whose latency lies between two quantiles. (The percentiles of the
   * parts by themselves would belong to different requests and would not add up.)
   */
  private splitAround(low: number, high: number): Split {
    const from = Math.floor(low * this.samples.length);
    const band = this.samples.slice(
      from,
      Math.max(from + 1, Math.ceil(high * this.samples.length)),
    );
    const mean = (part: keyof Split): number =>
      band.reduce((sum, sample) => sum + sample[part], 0) / Math.max(1, band.length);
    return {
      embed_ms: mean('embed_ms'),
      search_ms: mean('search_ms'),
      join_ms: mean('join_ms'),
      rest_ms: mean('rest_ms'),
    };
  }
}
