import type { Logger } from '../core/logger.js';
import type { ReconciliationReport } from '../protocol/messages.js';
import type { StoreReader } from '../store/store.js';
import type { Difference } from './difference.js';
import type { Follower } from './follower.js';
import { IdleTurns, type Demand } from './idle-turns.js';
import { Reconciliation } from './reconciliation.js';

export interface ReconcileOptions {
  /** From the end of a tenant's check to its next one, above 0. */
  intervalMs: number;
  /** Part of one core that checks may take; without it, little while callers search. */
  cpuShare?: number;
}

/** How long until another try where nothing could be compared, at most. */
const RETRY_MS = 10_000;

interface Watched {
  reconciliation: Reconciliation;
  logger: Logger;
  dueMs: number;
  /** Epoch ms of when the last comparison began; -Infinity before the first. */
  checkedAtMs: number;
}

/**
 * Compares each tenant's index with the store from time to time, one tenant at a time and only while
 * the shard has nothing else to do. Where they differ, the follower compares everything and heals it.
 */
export class Reconciler {
  private readonly watched: Watched[] = [];
  private readonly turns: IdleTurns;
  private working: Promise<void> | undefined;
  private checks = 0;
  private reconciled = 0;

  constructor(
    private readonly options: ReconcileOptions,
    private readonly store: StoreReader,
    demand: Demand,
  ) {
    this.turns = new IdleTurns(demand, options.cpuShare);
  }

  /** Begins to check a tenant, for the first time after an interval. */
  watch(follower: Follower, logger: Logger): void {
    const reconciliation = new Reconciliation(this.store, follower, this.turns);
    const dueMs = performance.now() + this.options.intervalMs;
    this.watched.push({ reconciliation, logger, dueMs, checkedAtMs: -Infinity });
  }

  /** To be called every second or so. */
  tick(): void {
    if (this.turns.isClosed() || this.working !== undefined) return;
    this.working = this.checkDue().finally(() => {
      this.working = undefined;
    });
  }

  report(): ReconciliationReport {
    const { checks, reconciled } = this;
    // A tenant that was never compared was compared at the beginning of time.
    const oldestMs = Math.min(...this.watched.map(({ checkedAtMs }) => checkedAtMs));
    const isKnown = Number.isFinite(oldestMs);
    return { checks, reconciled, checkedAtMs: isKnown ? oldestMs : null };
  }

  async close(): Promise<void> {
    this.turns.close();
    await this.working;
  }

  private async checkDue(): Promise<void> {
    for (const watched of this.watched) {
      if (this.turns.isClosed()) return;
      if (performance.now() < watched.dueMs) continue;
      try {
        await this.check(watched);
      } catch (error) {
        if (this.turns.isClosed()) return;
        watched.logger.warn({ error: String(error) }, 'the index could not be checked');
        this.postpone(watched);
      }
      this.turns.end();
    }
  }

  private async check(watched: Watched): Promise<void> {
    const startedAtMs = Date.now();
    const differences = await watched.reconciliation.check();
    if (differences === undefined) {
      this.postpone(watched);
      return;
    }
    this.checks += 1;
    watched.checkedAtMs = startedAtMs;
    watched.dueMs = performance.now() + this.options.intervalMs;
    if (differences.length > 0) this.heal(watched, differences);
  }

  private heal({ reconciliation, logger }: Watched, differences: readonly Difference[]): void {
    const { follower } = reconciliation;
    this.reconciled += 1;
    logger.warn(
      summary(differences),
      'the index differs from the store, at least so much; comparing all',
    );
    for (const { id, held, wanted } of differences) {
      // A newer version than the store's would stay, whatever the feed says.
      if (held !== undefined && (wanted === undefined || held > wanted)) {
        follower.index.drop(id, held);
      }
    }
    follower.distrust();
  }

  private postpone(watched: Watched): void {
    watched.dueMs = performance.now() + Math.min(RETRY_MS, this.options.intervalMs);
  }
}

function summary(differences: readonly Difference[]): object {
  const missing = differences.filter(({ held }) => held === undefined).length;
  const surplus = differences.filter(({ wanted }) => wanted === undefined).length;
  const otherVersion = differences.length - missing - surplus;
  return { missing, surplus, otherVersion, example: differences[0] };
}
