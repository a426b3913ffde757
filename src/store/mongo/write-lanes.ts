import { OmniError } from '../../core/errors.js';
import type { WriteResult } from '../store.js';
import type { PreparedWrite } from './prepare.js';

/**
 * A lane a tenant: one batch is under way, and what comes meanwhile waits and goes together in the
 * next, up to a size. So writers of one process never race each other, and many small writes share
 * the round trips of one.
 */
export class WriteLanes {
  private readonly lanes = new Map<string, Waiting[]>();
  private readonly pumping = new Set<Promise<void>>();
  private waitingBytes = 0;

  constructor(
    private readonly apply: (
      tenant: string,
      writes: readonly PreparedWrite[],
    ) => Promise<WriteResult>,
    private readonly limits: LaneLimits,
  ) {}

  /** Rejects with `overloaded` when too much waits. */
  async add(tenant: string, writes: readonly PreparedWrite[]): Promise<WriteResult> {
    const bytes = writes.reduce((sum, write) => sum + write.bytes, 0);
    if (this.waitingBytes > 0 && this.waitingBytes + bytes > this.limits.waitingBytes) {
      const message = 'too many writes wait for the store';
      throw new OmniError('overloaded', message, { retryAfterMs: 1000 });
    }
    this.waitingBytes += bytes;
    return new Promise<WriteResult>((resolve, reject) => {
      const waiting: Waiting = { writes, bytes, resolve, reject };
      const lane = this.lanes.get(tenant);
      if (lane !== undefined) {
        lane.push(waiting);
        return;
      }
      this.lanes.set(tenant, [waiting]);
      const pump = this.pump(tenant);
      this.pumping.add(pump);
      void pump.then(() => this.pumping.delete(pump));
    });
  }

  /** Resolves when nothing waits or runs. */
  async drained(): Promise<void> {
    while (this.pumping.size > 0) await Promise.all(this.pumping);
  }

  private async pump(tenant: string): Promise<void> {
    // The rest of this turn's writes join the first batch.
    await Promise.resolve();
    for (;;) {
      const batch = this.take(this.lanes.get(tenant) ?? []);
      if (batch.length === 0) break;
      await this.run(tenant, batch);
      for (const { bytes } of batch) this.waitingBytes -= bytes;
    }
    this.lanes.delete(tenant);
  }

  /** Never rejects: the outcome goes to the callers of `add`. */
  private async run(tenant: string, batch: readonly Waiting[]): Promise<void> {
    try {
      const { statuses, mark } = await this.apply(
        tenant,
        batch.flatMap(({ writes }) => writes),
      );
      let at = 0;
      for (const { writes, resolve } of batch) {
        resolve({ statuses: statuses.slice(at, at + writes.length), mark });
        at += writes.length;
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** At least one, if any waits; then as many more as fit. */
  private take(lane: Waiting[]): Waiting[] {
    let bytes = 0;
    let writes = 0;
    let count = 0;
    for (const waiting of lane) {
      bytes += waiting.bytes;
      writes += waiting.writes.length;
      const fits = bytes <= this.limits.batchBytes && writes <= this.limits.batchWrites;
      if (count > 0 && !fits) break;
      count += 1;
    }
    return lane.splice(0, count);
  }
}

export interface LaneLimits {
  /** What one batch takes, if more than one write waits. */
  batchBytes: number;
  batchWrites: number;
  /** What may wait or be under way before `add` refuses. */
  waitingBytes: number;
}

interface Waiting {
  writes: readonly PreparedWrite[];
  bytes: number;
  resolve: (result: WriteResult) => void;
  reject: (error: unknown) => void;
}
