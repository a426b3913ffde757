import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from '../load/arrivals.js';
import { timerClock } from '../load/clock.js';
import { LatencyHistogram, type Percentiles } from '../load/histogram.js';
import { runOpenLoop } from '../load/open-loop.js';
import { failureOf } from './client.js';
import type { OmniServer } from './omni-server.js';
import { Random } from './random.js';
import { mustSearch, search } from './search.js';
import type { VectorSet } from './synthetic.js';
import { vectorProduct, vectorSearch } from './vector-json.js';

const WARMUP_MS = 2_000;
const LOOK_MS = 10;
const COMPARED = 50;
const ROWS_A_BATCH = 200;
const MARK = 'the-mark';
const LIMIT_MS = 600_000;

interface Given {
  primary: OmniServer;
  region: OmniServer;
  base: VectorSet;
  queries: readonly Float32Array[];
  /** Writes a second. */
  rate: number;
  /** Searches a second. */
  searches: number;
  seed: number;
}

/** A primary, and a region that follows it. */
export class RegionPair {
  private written = 0;
  private marked = 0;

  constructor(private readonly given: Given) {}

  /** Products that change, one a request, at the rate that was asked for. */
  writes(seconds: number) {
    const { primary, rate } = this.given;
    return this.load('writes', rate, seconds, async () => {
      try {
        const { status } = await primary.client.request('POST', '/products', this.nextRow());
        return status === 200 ? {} : { failure: String(status) };
      } catch (error) {
        return failureOf(error);
      }
    });
  }

  searches(seconds: number) {
    const { region, queries, searches: rate } = this.given;
    const bodies = queries.map((query) => vectorSearch(query, { top_k: 10 }));
    return this.load('searches', rate, seconds, (i) =>
      search(region.client, '/search/vector', bodies[i % bodies.length] as Buffer),
    );
  }

  /** One mark after the other: from the primary's answer until a search in the region has it. */
  async lag(seconds: number): Promise<Percentiles> {
    const lags = new LatencyHistogram();
    for (const endsAtMs = performance.now() + seconds * 1_000; performance.now() < endsAtMs;) {
      lags.record(await this.mark());
      await sleep(Math.random() * 100);
    }
    return lags.summary();
  }

  /** So many rows over so many seconds, in batches: what comes while nobody follows. */
  async missedWrites(rows: number, seconds: number): Promise<void> {
    const startMs = performance.now();
    for (let sent = 0; sent < rows; sent += ROWS_A_BATCH) {
      const lines = Array.from({ length: Math.min(ROWS_A_BATCH, rows - sent) }, () =>
        this.nextRow(),
      );
      const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
      await this.given.primary.client.expect(
        'POST',
        '/products',
        body,
        'application/x-ndjson',
        LIMIT_MS,
      );
      const dueMs = startMs + ((sent + ROWS_A_BATCH) / rows) * seconds * 1_000;
      await sleep(Math.max(0, dueMs - performance.now()));
    }
  }

  /** The age that the region says at the end, seconds. */
  async ages(seconds: number): Promise<number> {
    await sleep(Math.max(0, seconds * 1_000 - 500));
    const { headers } = await fetch(`${this.given.region.url}/categories`);
    return Number(headers.get('age'));
  }

  /** Until what is written now is found, which comes last. */
  async untilCaughtUp(): Promise<number> {
    const startMs = performance.now();
    await this.mark();
    return performance.now() - startMs;
  }

  /** What some exact searches find. */
  async answers({ client }: OmniServer): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const query of this.given.queries.slice(0, COMPARED)) {
      const body = vectorSearch(query, { top_k: 20, exact: true, timeout_ms: 30_000 });
      found.push((await mustSearch(client, '/search/vector', body)).hits);
    }
    return found;
  }

  private async mark(): Promise<number> {
    this.marked += 1;
    const attributes = { Mark: this.marked };
    const body = vectorProduct(this.given.base, 0, attributes, MARK);
    const { client } = this.given.primary;
    await client.expect('POST', '/products', body, 'application/json', LIMIT_MS);
    const acknowledgedMs = performance.now();
    const filter = { 'attributes.Mark': this.marked };
    for (;;) {
      const asked = { browse: true, filter, per_page: 1 };
      const { body } = await search(this.given.region.client, '/search/text', asked);
      const tookMs = performance.now() - acknowledgedMs;
      if (body !== undefined && body.hits.length > 0) return tookMs;
      if (tookMs > LIMIT_MS) throw new Error('the region never got it');
      await sleep(LOOK_MS);
    }
  }

  private nextRow(): Buffer {
    this.written += 1;
    const { written } = this;
    const { base } = this.given;
    return vectorProduct(base, written % base.categories.length, { Written: written });
  }

  private load(
    title: string,
    rate: number,
    seconds: number,
    send: (index: number) => Promise<{ failure?: string }>,
  ) {
    const durationMs = WARMUP_MS + seconds * 1_000;
    return runOpenLoop({
      clock: timerClock,
      arrivals: poissonArrivals(rate, durationMs, new Random(this.given.seed, title)),
      ...{ warmupMs: WARMUP_MS, durationMs, maxInFlight: 256, drainMs: 10_000, send },
    });
  }
}
