import { seeded, type TestProduct } from './catalogue.js';

/** A request that did not get its 200, and when it was under way (`performance.now()`). */
interface Failed {
  kind: 'read' | 'write';
  what: string;
  startedMs: number;
  endedMs: number;
}

export interface LoadSummary {
  reads: number;
  writes: number;
  failed: Failed[];
}

/** Few, so that every node has embedded them before the load: what is tested is not the encoder. */
export const QUERIES = ['Product 7', 'Product 70', 'red things', 'blue things'];
const REQUEST_LIMIT_MS = 20_000;
const PAUSE_MS = 20;

/** Shoppers who search and look at products, and feeds that change prices, until told to stop. */
export class TopologyLoad {
  private readonly summary: LoadSummary = { reads: 0, writes: 0, failed: [] };
  private readonly users: Promise<void>[];
  private stopped = false;

  constructor(
    private readonly url: string,
    private readonly products: readonly TestProduct[],
    readers: number,
    writers: number,
    /** Of each request, beside its own. */
    private readonly headers: Record<string, string> = {},
  ) {
    this.users = [
      ...Array.from({ length: readers }, (_, i) => this.run('read', i)),
      ...Array.from({ length: writers }, (_, i) => this.run('write', 1_000 + i)),
    ];
  }

  /** Resolves once at least this many more requests of either kind were answered. */
  async more(count: number): Promise<void> {
    const { reads, writes } = this.summary;
    while (this.summary.reads < reads + count || this.summary.writes < writes + count / 10) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<LoadSummary> {
    this.stopped = true;
    await Promise.all(this.users);
    return this.summary;
  }

  private async run(kind: 'read' | 'write', seed: number): Promise<void> {
    const random = seeded(seed);
    while (!this.stopped) {
      const product = pick(this.products, random);
      const startedMs = performance.now();
      const what = await problemOf(this.request(kind, product, random));
      this.summary[kind === 'read' ? 'reads' : 'writes'] += 1;
      const endedMs = performance.now();
      if (what !== undefined) this.summary.failed.push({ kind, what, startedMs, endedMs });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private request(kind: string, product: TestProduct, random: () => number): Promise<Response> {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
    if (kind === 'read' && random() < 0.3) {
      const { headers } = this;
      return fetch(`${this.url}/products/${product.id}`, { signal, headers });
    }
    const [path, body] =
      kind === 'read'
        ? ['/search/text', { query: pick(QUERIES, random), timeout_ms: 10_000 }]
        : ['/products', { ...product, price: Math.floor(random() * 1_000) }];
    const headers = { ...this.headers, 'content-type': 'application/json' };
    return fetch(this.url + path, { method: 'POST', headers, signal, body: JSON.stringify(body) });
  }
}

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Why an answer is not what it should be; undefined when it is. */
async function problemOf(asked: Promise<Response>): Promise<string | undefined> {
  try {
    const answer = await asked;
    const body = (await answer.json()) as { partial?: unknown };
    if (answer.status !== 200) return `${answer.status} ${JSON.stringify(body)}`;
    return (body.partial ?? null) === null ? undefined : JSON.stringify(body.partial);
  } catch (error) {
    return String(error);
  }
}
