import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../lib/catalogue.js';
import type { JsonClient } from '../lib/client.js';
import type { Random } from '../lib/random.js';

/** Writes to some of a catalogue's products at a steady rate, and knows when it wrote what. */
export class Churn {
  /** When a write of an id began last. */
  private readonly writtenMs = new Map<string, number>();
  /** When a delete was acknowledged; gone again once the product is back. */
  private readonly deletedMs = new Map<string, number>();
  private running = true;
  private readonly done: Promise<void>;
  writes = 0;
  failed = 0;

  /** @param products those that may be changed, deleted and sent again */
  constructor(
    private readonly client: JsonClient,
    private readonly products: Catalogue['products'],
    perSecond: number,
    private readonly random: Random,
  ) {
    this.done = this.write(perSecond);
  }

  /** Whether a write of it was on its way at any time since `sinceMs`. */
  touched(id: string, sinceMs: number): boolean {
    return (this.writtenMs.get(id) ?? -Infinity) >= sinceMs;
  }

  /** Whether it was deleted for good before `ms`. */
  wasDeleted(id: string, ms: number): boolean {
    return (this.deletedMs.get(id) ?? Infinity) < ms;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
  }

  private async write(perSecond: number): Promise<void> {
    const startedMs = performance.now();
    const open = new Set<Promise<void>>();
    while (this.running) {
      const dueMs = startedMs + (this.writes / perSecond) * 1_000;
      await sleep(Math.max(0, dueMs - performance.now()));
      this.writes += 1;
      const one = this.writeOne().catch(() => {
        this.failed += 1;
      });
      open.add(one);
      void one.finally(() => open.delete(one));
    }
    await Promise.all(open);
  }

  private async writeOne(): Promise<void> {
    const { random } = this;
    const product = random.pick(this.products);
    const path = `/products/${encodeURIComponent(product.id)}`;
    this.writtenMs.set(product.id, performance.now());
    const kind = random.below(4);
    if (kind === 0) {
      await this.client.expect('DELETE', path);
      this.deletedMs.set(product.id, performance.now());
      return;
    }
    this.deletedMs.delete(product.id);
    // The whole of it: after a delete there is nothing to change.
    const { price, ...rest } = JSON.parse(product.line) as Record<string, unknown>;
    const changed = kind === 1 ? { title: `${product.title} renewed` } : {};
    const dearer = (typeof price === 'number' ? price : 10) + 1 + random.below(100);
    await this.client.expect('POST', '/products', { ...rest, ...changed, price: dearer });
    this.writtenMs.set(product.id, performance.now());
  }
}
