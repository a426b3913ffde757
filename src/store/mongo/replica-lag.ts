import type { ReplicaLagOf } from '../store-replicas.js';

/** A secondary that has not answered for so long is gone. */
const GONE_MS = 30_000;

/** What a server said of itself. */
export interface ServerState {
  isSecondary: boolean;
  /** The latest write that it shows, by the clock of the primary of then; epoch ms. */
  writtenMs: number;
  /** When it said so, by our monotonic clock. */
  atMs: number;
}

/**
 * How far secondaries are behind, as MongoDB's specification of max staleness tells it: what has passed since a
 * secondary's latest write, less what has passed since the primary's. Only differences of times count, so that no two
 * clocks have to agree.
 */
export class ReplicaLag {
  private readonly servers = new Map<string, ServerState>();
  /** When the primary was first heard to be where it is. */
  private movedAtMs = -Infinity;

  heard(server: string, state: ServerState): void {
    const before = this.servers.get(server);
    if (!state.isSecondary && before?.writtenMs !== state.writtenMs) this.movedAtMs = state.atMs;
    this.servers.set(server, state);
  }

  /**
   * It did not answer. A secondary may still be read by others: it is kept for a while, in which it seems further behind
   * with each moment.
   */
  silent(server: string, nowMs: number): void {
    const known = this.servers.get(server);
    if (known?.isSecondary === true && nowMs - known.atMs < GONE_MS) return;
    this.lost(server);
  }

  /** It is no member any more, or neither primary nor secondary. */
  lost(server: string): void {
    this.servers.delete(server);
  }

  /** None while no primary is known. */
  get lags(): ReplicaLagOf[] {
    return this.secondaries.map(({ server, lagMs }) => ({ server, lagMs }));
  }

  /** How far behind what any secondary answers may be now; undefined where that cannot be told. */
  behindMs(nowMs: number): number | undefined {
    const { secondaries } = this;
    if (secondaries.length === 0) return undefined;
    // What it got since it was asked is not known.
    return Math.max(...secondaries.map(({ lagMs, atMs }) => lagMs + (nowMs - atMs)));
  }

  /** Whether nothing was written for so long: then a secondary that misses the next write seems that far behind. */
  isStill(forMs: number, nowMs: number): boolean {
    return nowMs - this.movedAtMs >= forMs;
  }

  private get secondaries(): (ReplicaLagOf & { atMs: number })[] {
    const primaries = [...this.servers.values()].filter(({ isSecondary }) => !isSecondary);
    // After an election the former one may not have said so yet.
    const primary = primaries.sort((a, b) => b.writtenMs - a.writtenMs)[0];
    if (primary === undefined) return [];
    return [...this.servers].flatMap(([server, { isSecondary, writtenMs, atMs }]) => {
      if (!isSecondary) return [];
      const lagMs = atMs - writtenMs - (primary.atMs - primary.writtenMs);
      return [{ server, atMs, lagMs: Math.max(0, Math.round(lagMs)) }];
    });
  }
}
