import type { Deadline } from '../../core/deadline.js';
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
      deadline: Deadline,
    ) => Promise<WriteResult>,
    private readonly limits: LaneLimits,
  ) {}

  /**
   * Rejects with `overloaded` when too much waits, and with `deadline_exceeded` what has not begun by
   * `deadline`: its caller was told that it failed and may have written something newer since.
   */
  async add(
    tenant: string,
    writes: readonly PreparedWrite[],
    deadline: Deadline,
  ): Promise<WriteResult> {
    const bytes = writes.reduce((sum, write) => sum + write.bytes, 0);
    if (this.waitingBytes > 0 && this.waitingBytes + bytes > this.limits.waitingBytes) {
      const message = 'too many writes wait for the store';
      throw new OmniError('overloaded', message);
    }
    this.waitingBytes += bytes;
    return new Promise<WriteResult>((resolve, reject) => {
      const waiting: Waiting = { writes, bytes, deadline, resolve, reject };
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
      const lane = this.lanes.get(tenant) ?? [];
      this.rejectLate(lane);
      const batch = this.take(lane);
      const [first] = batch;
      if (first === undefined) break;
      await this.run(tenant, batch, first.deadline);
      for (const { bytes } of batch) this.waitingBytes -= bytes;
    }
    this.lanes.delete(tenant);
  }

  /** Never rejects: the outcome goes to the callers of `add`. */
  private async run(tenant: string, batch: readonly Waiting[], deadline: Deadline): Promise<void> {
    try {
      const writes = batch.flatMap((waiting) => waiting.writes);
      const { statuses, mark } = await this.apply(tenant, writes, deadline);
      let at = 0;
      for (const { writes, resolve } of batch) {
        resolve({ statuses: statuses.slice(at, at + writes.length), mark });
        at += writes.length;
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private rejectLate(lane: Waiting[]): void {
    // They came in this order and all have the same time: those that are late are the first.
    const inTime = lane.findIndex(({ deadline }) => !deadline.expired);
    for (const { bytes, reject } of lane.splice(0, inTime < 0 ? lane.length : inTime)) {
      this.waitingBytes -= bytes;
      reject(new OmniError('deadline_exceeded', 'the write waited too long for its turn'));
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
  deadline: Deadline;
  resolve: (result: WriteResult) => void;
  reject: (error: unknown) => void;
}
