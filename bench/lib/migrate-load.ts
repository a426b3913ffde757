import { setTimeout as sleep } from 'node:timers/promises';

const JSON_BODY = { 'content-type': 'application/json' };
/** Longer than writes may wait. */
const LIMIT_MS = 40_000;

/** A product of the shop that is migrated. */
export function product(i: number, price: number): Record<string, unknown> {
  return {
    ...{ id: `p${i}`, title: `mouse ${i}`, category: i % 2 ? 'Mice' : 'Lamps', price },
    vector: [1, i + 1, i % 7, 1],
  };
}

interface LoadOptions {
  url: string;
  products: number;
  searchesPerS: number;
  writesPerS: number;
  /** Of all requests. */
  headers?: Record<string, string>;
}

/** Searches and changes of prices at a steady rate, whether or not those before were answered, until told to stop. */
export class MigrateLoad {
  /** What was answered otherwise than it should be. */
  readonly failed: string[] = [];
  /** Prices that were acknowledged last, by number of product. */
  readonly prices = new Map<number, number>();
  searches = 0;
  writes = 0;
  /** The longest that a write took. */
  slowestMs = 0;
  private round = 0;
  private readonly running = new Set<Promise<void>>();
  private readonly busy = new Set<number>();
  private isOver = false;
  private readonly loops: Promise<unknown>;

  constructor(private readonly options: LoadOptions) {
    const { searchesPerS, writesPerS } = options;
    this.loops = Promise.all([
      this.repeat(searchesPerS, () => this.search()),
      this.repeat(writesPerS, () => this.write()),
    ]);
  }

  /** Once all is answered. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.loops;
    await Promise.all(this.running);
  }

  private async repeat(perS: number, work: () => Promise<void>): Promise<void> {
    const begunMs = performance.now();
    for (let n = 1; !this.isOver; n++) {
      const done = work().finally(() => this.running.delete(done));
      this.running.add(done);
      await sleep(Math.max(0, begunMs + (n * 1_000) / perS - performance.now()));
    }
  }

  private async search(): Promise<void> {
    const { products } = this.options;
    // On a busy machine an answer takes its time; it is to be whole.
    const body = { browse: true, top_k: 3, fields: ['price'], timeout_ms: 20_000 };
    const { status, json } = await this.ask('POST', '/search/text', body);
    this.searches += 1;
    const { total, partial } = json as { total?: number; partial?: unknown };
    if (status === 200 && total === products && partial === null) return;
    this.failed.push(`search: ${status} ${JSON.stringify(json)}`);
  }

  /** A product has one write under way at most, so that it is known which was last. */
  private async write(): Promise<void> {
    const price = ++this.round;
    const i = price % this.options.products;
    if (this.busy.has(i)) return;
    this.busy.add(i);
    const begunMs = performance.now();
    const { status, json } = await this.ask('PATCH', `/products/p${i}`, { price });
    this.slowestMs = Math.max(this.slowestMs, performance.now() - begunMs);
    this.busy.delete(i);
    this.writes += 1;
    if (status === 200) this.prices.set(i, price);
    else this.failed.push(`write: ${status} ${JSON.stringify(json)}`);
  }

  private async ask(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; json: unknown }> {
    const { url, headers } = this.options;
    try {
      const reply = await fetch(url + path, {
        method,
        headers: { ...JSON_BODY, ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      return { status: reply.status, json: await reply.json() };
    } catch (error) {
      return { status: 0, json: String(error) };
    }
  }
}

/** Products at `url` whose price is not the one that was acknowledged last. */
export async function lost(url: string, { prices }: MigrateLoad): Promise<string[]> {
  const wrong: string[] = [];
  for (const [i, price] of prices) {
    const reply = await fetch(`${url}/products/p${i}`);
    const found = (await reply.json()) as { price?: number };
    if (found.price !== price) wrong.push(`p${i}: ${price}, found ${found.price}`);
  }
  return wrong;
}
