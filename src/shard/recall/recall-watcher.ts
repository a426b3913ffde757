import type { Logger } from '../../core/logger.js';
import type { RecallReport } from '../../core/shard-status.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { CostModel } from '../leaf/cost-model.js';
import { IdleTurns, type Demand } from '../node/idle-turns.js';
import { repeatExactly, type RepeatQuery, type RepeatResult } from './exact-repeat.js';
import { BAND_ENDS, RecallEvidence } from './recall-evidence.js';

export interface RecallOptions {
  /** Share of searches that are repeated exactly, above 0. */
  sampleShare: number;
  /** Recall below which a band is failing. */
  target: number;
  /** Part of one core that repeats may take; without it, little while callers search. */
  cpuShare?: number;
  /** Numbers in [0, 1). */
  random?: () => number;
}

/** Sampled searches that wait to be repeated; past it they are let go. */
const MAX_BACKLOG = 32;
/** Too little evidence for an alarm below so many repeats. */
const MIN_REPEATS = 8;

interface Sampled {
  index: TenantIndex;
  query: RepeatQuery;
}

/**
 * Repeats some of a shard's searches exactly, one at a time and only while it has nothing else to do,
 * and tells what they had found. It changes nothing: a metric and an alarm.
 */
export class RecallWatcher {
  private readonly bands = BAND_ENDS.map((selectivity) => ({
    selectivity,
    repeats: 0,
    evidence: new RecallEvidence(),
    warned: false,
  }));
  private readonly backlog: Sampled[] = [];
  private readonly turns: IdleTurns;
  private readonly random: () => number;
  private working: Promise<void> | undefined;

  constructor(
    private readonly options: RecallOptions,
    demand: Demand,
    private readonly costs: CostModel,
    private readonly logger: Logger,
  ) {
    this.turns = new IdleTurns(demand, options.cpuShare);
    this.random = options.random ?? Math.random;
  }

  /** Whether a search that was answered is one to be repeated. */
  draws(): boolean {
    return this.random() < this.options.sampleShare;
  }

  /** Has a search done again, unless too many wait for it. */
  repeat(index: TenantIndex, query: RepeatQuery): void {
    if (this.backlog.length >= MAX_BACKLOG) return;
    this.backlog.push({ index, query });
    if (this.turns.isClosed() || this.working !== undefined) return;
    this.working = this.repeatAll().finally(() => {
      this.working = undefined;
    });
  }

  report(): RecallReport {
    const { target } = this.options;
    const bands = this.bands.map(({ selectivity, repeats, evidence }) => {
      const { recall = null } = evidence;
      const known = recall !== null;
      return {
        ...{ selectivity, repeats, recall },
        low: known ? evidence.low : null,
        high: known ? evidence.high : null,
        failing: isFailing(evidence, target),
      };
    });
    return { target, bands };
  }

  async close(): Promise<void> {
    this.turns.close();
    await this.working;
  }

  private async repeatAll(): Promise<void> {
    for (let next = this.backlog.shift(); next !== undefined; next = this.backlog.shift()) {
      const { index, query } = next;
      try {
        const result = await repeatExactly(index, query, this.costs, this.turns.next);
        if (result !== undefined) this.record(result);
      } catch (error) {
        if (this.turns.isClosed()) return;
        this.logger.warn({ error: String(error) }, 'a search could not be repeated');
      }
      this.turns.end();
    }
  }

  private record({ band: index, sample }: RepeatResult): void {
    const band = this.bands[index];
    if (band === undefined) return;
    band.repeats += 1;
    band.evidence.add(sample);
    const failing = isFailing(band.evidence, this.options.target);
    const about = { upTo: band.selectivity, recall: band.evidence.recall };
    if (failing && !band.warned) this.logger.warn(about, 'recall is below its target');
    band.warned = failing;
  }
}

/** Surely, not only by chance. */
function isFailing({ searches, high }: RecallEvidence, target: number): boolean {
  return searches >= MIN_REPEATS && high < target;
}
