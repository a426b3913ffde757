import type { Logger } from '../../core/logger.js';
import type { ReconciliationReport } from '../../core/shard-status.js';
import type { StoreReader } from '../../store/store.js';
import type { Difference } from './confirm-difference.js';
import type { Follower } from './follower.js';
import { IdleTurns, type Demand } from '../node/idle-turns.js';
import { TenantReconciliation } from './reconcile-tenant.js';

export interface ReconcileOptions {
  /** From the end of a tenant's check to its next one, above 0. */
  intervalMs: number;
  /** Part of one core that checks may take; without it, little while callers search. */
  cpuShare?: number;
}

/** How long until another try where nothing could be compared, at most. */
const RETRY_MS = 10_000;

/** An open tenant. */
interface Watched {
  reconciliation: TenantReconciliation;
  logger: Logger;
  history: History;
}

/** What outlasts a tenant's sleep. */
interface History {
  dueMs: number;
  /** Epoch ms of when the last comparison began; -Infinity before the first. */
  checkedAtMs: number;
}

/**
 * Has each open index compared with the store from time to time, one at a time and only while the
 * shard has nothing else to do. Where they differ, the follower compares everything and heals it.
 *
 * What is asleep is not compared: its files have checksums, which are looked at when it is opened.
 */
export class ReconcileSchedule {
  private readonly watched = new Map<Follower, Watched>();
  /** By tenant: its indexes of two generations share one. */
  private readonly histories = new Map<string, History>();
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

  /** Begins to check a tenant that was opened, for the first time after an interval. */
  watch(follower: Follower, logger: Logger): void {
    const { tenant } = follower.index;
    const reconciliation = new TenantReconciliation(this.store, follower, this.turns);
    const dueMs = performance.now() + this.options.intervalMs;
    const history = this.histories.get(tenant) ?? { dueMs, checkedAtMs: -Infinity };
    this.histories.set(tenant, history);
    this.watched.set(follower, { reconciliation, logger, history });
  }

  /** It is closed. */
  unwatch(follower: Follower): void {
    this.watched.delete(follower);
  }

  /** It has nothing here any more. */
  forget(tenant: string): void {
    this.histories.delete(tenant);
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
    let oldestMs = Infinity;
    for (const { history } of this.watched.values()) {
      oldestMs = Math.min(oldestMs, history.checkedAtMs);
    }
    const isKnown = Number.isFinite(oldestMs);
    return { checks, reconciled, checkedAtMs: isKnown ? oldestMs : null };
  }

  async close(): Promise<void> {
    this.turns.close();
    await this.working;
  }

  private async checkDue(): Promise<void> {
    for (const watched of [...this.watched.values()]) {
      if (this.turns.isClosed()) return;
      if (performance.now() < watched.history.dueMs) continue;
      try {
        await watched.reconciliation.follower.use(() => this.check(watched));
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
    watched.history.checkedAtMs = startedAtMs;
    watched.history.dueMs = performance.now() + this.options.intervalMs;
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
      // What is as new as the store's, or newer, would stay, whatever the feed says.
      if (held !== undefined && (wanted === undefined || held >= wanted)) {
        follower.index.drop(id, held);
      }
    }
    follower.invalidate();
  }

  private postpone({ history }: Watched): void {
    history.dueMs = performance.now() + Math.min(RETRY_MS, this.options.intervalMs);
  }
}

function summary(differences: readonly Difference[]): object {
  const missing = differences.filter(({ held }) => held === undefined).length;
  const surplus = differences.filter(({ wanted }) => wanted === undefined).length;
  const otherContent = differences.filter(({ held, wanted }) => held === wanted).length;
  const otherVersion = differences.length - missing - surplus - otherContent;
  return { missing, surplus, otherVersion, otherContent, example: differences[0] };
}
