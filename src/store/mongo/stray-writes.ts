import { setTimeout as sleep } from 'node:timers/promises';
import type { Collections } from './collections.js';
import type { Renumbering, Written } from './renumbering.js';

/** When what is unknown is looked at, in times of what a range is held open. */
const LOOKS = [1, 2, 4];
/** Beyond this many products nothing more is remembered. */
const MAX_PRODUCTS = 100_000;

/**
 * Writes of this process whose outcome it never learnt. A range is held open for as long as they
 * should take to land; one that the network kept for longer lands where followers have passed. So
 * they are looked for when the range is closed, and later again, and what is there gets new numbers.
 */
export class StrayWrites {
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private remembered = 0;

  constructor(
    private readonly collections: Collections,
    private readonly renumbering: Renumbering,
    private readonly holdMs: number,
  ) {}

  add(tenant: string, written: readonly Written[]): void {
    if (this.stop.signal.aborted || this.remembered + written.length > MAX_PRODUCTS) return;
    this.remembered += written.length;
    const task = this.lookAgain(tenant, written).finally(() => {
      this.remembered -= written.length;
      this.running.delete(task);
    });
    this.running.add(task);
  }

  /** What is not looked at by then is as after a crash. */
  async close(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.running);
  }

  /** Never rejects. A look that fails is made up for by the next. */
  private async lookAgain(tenant: string, written: readonly Written[]): Promise<void> {
    const { signal } = this.stop;
    let sought = [...written];
    let passed = 0;
    for (const look of LOOKS) {
      try {
        await sleep((look - passed) * this.holdMs, undefined, { signal, ref: false });
        passed = look;
        const landed = await this.landed(sought);
        if (landed.length === 0) continue;
        const tried: Written[] = [];
        await this.renumbering.move(tenant, landed, 0, (to) => {
          tried.push(...to);
          sought = [...written, ...tried];
        });
        // Its new numbers are known to be in time.
        sought = [...written];
      } catch {
        if (signal.aborted) return;
      }
    }
  }

  private async landed(sought: readonly Written[]): Promise<Written[]> {
    const found = await this.collections.products
      .find(
        { _id: { $in: sought.map(({ key }) => key) } },
        { projection: { _id: 1, version: 1 }, readConcern: { level: 'local' } },
      )
      .toArray();
    const versions = new Map(found.map(({ _id, version }) => [_id, version]));
    return sought.filter(({ key, version }) => versions.get(key) === version);
  }
}
