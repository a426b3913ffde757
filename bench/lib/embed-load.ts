import { poissonArrivals } from '../load/arrivals.js';
import type { PacedClock } from '../load/clock.js';
import { runOpenLoop } from '../load/open-loop.js';
import type { BenchRun } from './bench.js';
import type { Catalogue } from './catalogue.js';
import type { JsonClient } from './client.js';
import type { FlagSpecs } from './flags.js';
import { Random } from './random.js';
import { search } from './search.js';
import type { Traffic } from './traffic.js';

interface LoadCase {
  client: JsonClient;
  clock: PacedClock;
  traffic: Traffic;
  /** Products that are not in the index yet. */
  more: Catalogue['products'];
  seconds: number;
}

/** Well below what one core embeds of new queries, so that what is seen is not their own queue. */
const RATES = { warm: 50, cold: 15 };
const ROWS_A_REQUEST = 20;
const WARM_UP_MS = 1_500;
/** Queries of the log that count as asked before. */
const WARM_QUERIES = 200;

/** Warm and cold queries of a quiet node, and again while products are loaded into it. */
export async function measureLoad<S extends FlagSpecs>(run: BenchRun<S>, parts: LoadCase) {
  const { client, traffic } = parts;
  const known = traffic.log.slice(0, WARM_QUERIES).map(({ query }) => query);
  for (const query of known) await ask(client, query);
  const rows = [];
  for (const kind of ['warm', 'cold'] as const) {
    const quiet = await run.measure(`${kind} queries alone`, () =>
      queries(run, parts, kind, known),
    );
    const bulk = new BulkLoad(client, parts.more);
    const beside = await run.measure(`${kind} queries beside a load`, () =>
      queries(run, parts, kind, known),
    );
    const products = await bulk.stop();
    rows.push({
      queries: kind,
      'alone p50': quiet.p50_ms,
      'alone p99': quiet.p99_ms,
      'beside a load p50': beside.p50_ms,
      'beside a load p99': beside.p99_ms,
      'p99 ratio': beside.p99_ms / quiet.p99_ms,
      'products/s meanwhile': products,
    });
  }
  return rows;
}

async function queries<S extends FlagSpecs>(
  run: BenchRun<S>,
  { client, clock, traffic, seconds }: LoadCase,
  kind: 'warm' | 'cold',
  known: readonly string[],
) {
  const random = new Random(run.flags.seed, kind);
  const durationMs = WARM_UP_MS + seconds * 1000;
  const { latency } = await runOpenLoop({
    clock,
    arrivals: poissonArrivals(RATES[kind], durationMs, random),
    warmupMs: WARM_UP_MS,
    durationMs,
    maxInFlight: 64,
    drainMs: 2_000,
    send: () => ask(client, kind === 'cold' ? traffic.next(1) : random.pick(known)),
  });
  return latency;
}

function ask(client: JsonClient, query: string): ReturnType<typeof search> {
  return search(client, '/search/text', { query, top_k: 10, fields: ['title'] });
}

/** Sends products one request after another until it is stopped. */
class BulkLoad {
  private stopping = false;
  private sent = 0;
  private readonly startMs = performance.now();
  private readonly done: Promise<void>;
  private static generation = 0;

  constructor(
    private readonly client: JsonClient,
    private readonly products: Catalogue['products'],
  ) {
    BulkLoad.generation += 1;
    this.done = Promise.all([this.send(0), this.send(1)]).then(() => undefined);
  }

  /** Products acknowledged a second. */
  async stop(): Promise<number> {
    this.stopping = true;
    const elapsedMs = performance.now() - this.startMs;
    const rate = (this.sent * 1000) / elapsedMs;
    await this.done;
    return rate;
  }

  private async send(lane: 0 | 1): Promise<void> {
    for (let at = lane * ROWS_A_REQUEST; !this.stopping; at += 2 * ROWS_A_REQUEST) {
      const rows = Array.from({ length: ROWS_A_REQUEST }, (_, i) => this.rowAt(at + i));
      const body = rows.map((row) => JSON.stringify(row)).join('\n');
      await this.client.expect('POST', '/products', body, 'application/x-ndjson', 120_000);
      this.sent += rows.length;
    }
  }

  /** A title that no earlier round had, so that it must be embedded. */
  private rowAt(at: number): object {
    const line = this.products[at % this.products.length]?.line ?? '{}';
    const product = JSON.parse(line) as { title: string };
    return { ...product, title: `${product.title} ${String(BulkLoad.generation)}-${String(at)}` };
  }
}
