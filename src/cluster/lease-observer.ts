import type { RecordReader } from '../store/record-store.js';
import { leaseOf, LEASE_KIND, type Lease } from './lease.js';

const MAX_LEASES = 10_000;
/** Of the time of a lease: when nobody at all has beaten for longer, the store takes no beats. */
const STILL_SHARE = 0.5;

interface Seen {
  lease: Lease;
  revision: number;
  /** When its counter was first seen as it is. */
  sinceMs: number;
}

export interface ObservedLease {
  lease: Lease;
  revision: number;
  /** For how long its counter has stood still, as of the last look. */
  silentMs: number;
  isAlive: boolean;
}

/**
 * Who lives, as one process sees it: a lease is dead when its counter did not change for `leaseMs` by this process's own
 * monotonic clock. No wall clock is read, neither here nor where the lease is written, so that none that jumps kills anybody.
 */
export class LeaseObserver {
  private seen = new Map<string, Seen>();
  private lookedAtMs: number;
  /** When any counter was last seen to change. */
  private beatenAtMs: number;

  /** @param now monotonic, milliseconds; injectable for virtual clocks */
  constructor(
    private readonly records: RecordReader,
    private readonly leaseMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.lookedAtMs = this.now();
    this.beatenAtMs = this.lookedAtMs;
  }

  /** Reads all counters. Rejects as the store does: what was known stays. */
  async look(): Promise<void> {
    const records = await this.records.list(LEASE_KIND, undefined, MAX_LEASES);
    const nowMs = this.now();
    const found = records.flatMap((record) => {
      const lease = leaseOf(record);
      if (lease === undefined) return [];
      const { revision } = record;
      const before = this.seen.get(lease.node);
      return [{ lease, revision, before: before?.revision === revision ? before : undefined }];
    });
    const hasBeaten = found.some(({ before }) => before === undefined);
    const seen = new Map<string, Seen>();
    for (const { lease, revision, before } of found) {
      const uncountedMs = before !== undefined && hasBeaten ? this.uncountedMs(before, nowMs) : 0;
      const sinceMs = (before?.sinceMs ?? nowMs) + uncountedMs;
      seen.set(lease.node, { lease, revision, sinceMs });
    }
    this.seen = seen;
    this.lookedAtMs = nowMs;
    if (hasBeaten) this.beatenAtMs = nowMs;
  }

  /** Those that hold a lease of the role, or did until it is forgotten. */
  leases(role: string): ObservedLease[] {
    return [...this.seen.values()].flatMap(({ lease, revision, sinceMs }) => {
      if (lease.role !== role) return [];
      const silentMs = this.lookedAtMs - sinceMs;
      return [{ lease, revision, silentMs, isAlive: silentMs < this.leaseMs }];
    });
  }

  /** Whether nobody is seen to beat: the store cannot be read, or takes no writes, or all are dead. */
  get isStill(): boolean {
    return this.now() > this.stillFromMs;
  }

  /** While nobody could beat, silence says nothing: it counts for none who was not dead before. */
  private uncountedMs({ sinceMs }: Seen, nowMs: number): number {
    const wasDead = this.stillFromMs - sinceMs >= this.leaseMs;
    return wasDead || nowMs <= this.stillFromMs ? 0 : nowMs - this.beatenAtMs;
  }

  private get stillFromMs(): number {
    return this.beatenAtMs + this.leaseMs * STILL_SHARE;
  }
}
