import type { Logger } from '../core/logger.js';
import type { RecallBand, RecallReport } from '../protocol/messages.js';
import type { Partition } from '../store/store.js';
import type { CostModel } from './cost-model.js';
import type { EfOptions } from './ef-curve.js';
import { repeatExactly, type RepeatQuery } from './exact-repeat.js';
import { IdleTurns, type Demand } from './idle-turns.js';
import { RecallEvidence } from './recall-evidence.js';
import { RecallWatch, type PlannedRepeat } from './recall-watch.js';
import { BAND_ENDS } from './selectivity-band.js';
import type { TenantIndex } from './tenant-index.js';

export interface RecallOptions {
  /** Share of searches that are repeated exactly, above 0. */
  sampleShare: number;
  ef: EfOptions;
  /** Part of one core that repeats may take; without it, little while callers search. */
  cpuShare?: number;
  /** Numbers in [0, 1). */
  random?: () => number;
}

/** Sampled searches that wait to be repeated; past it they are let go. */
const MAX_BACKLOG = 32;
/** Answers whose caller has not told yet what became of them; past it the oldest is let go. */
const MAX_UNJUDGED = 256;

/** A caller's search that was answered. */
export interface Answered {
  query: Omit<RepeatQuery, 'floor'>;
  /** Of its selectivity. */
  band: number;
  /** Score of its best hit. */
  best: number;
}

interface Unjudged extends Answered {
  watch: RecallWatch;
  /** It was drawn to be repeated; else it is only to be remembered. */
  sampled: boolean;
}

/**
 * Repeats searches exactly, one at a time and only while the shard has nothing else to do: sampled
 * ones of callers first, then those by which a tenant's watch wants to learn.
 */
export class RecallWatcher {
  private readonly watches: RecallWatch[] = [];
  private readonly backlog: { watch: RecallWatch; repeat: PlannedRepeat }[] = [];
  private readonly unjudged = new Map<number, Unjudged>();
  private lastSample = 0;
  private readonly turns: IdleTurns;
  private readonly random: () => number;
  private working: Promise<void> | undefined;
  private turnOf = 0;

  constructor(
    private readonly options: RecallOptions,
    demand: Demand,
    private readonly costs: CostModel,
    private readonly logger: Logger,
  ) {
    this.turns = new IdleTurns(demand, options.cpuShare);
    this.random = options.random ?? Math.random;
  }

  /** Begins to watch a tenant; `partitions` are those that can be searched at the moment. */
  watch(index: TenantIndex, partitions: () => readonly Partition[], logger: Logger): RecallWatch {
    const watch = new RecallWatch(index, partitions, this.options.ef, logger, this.random);
    this.watches.push(watch);
    return watch;
  }

  /** A caller's search was answered. Where it is drawn, the number under which it can be judged. */
  searched(watch: RecallWatch, answered: Answered): number | undefined {
    const sampled = this.random() < this.options.sampleShare;
    if (!sampled && !watch.wantsQuery(answered.band)) return undefined;
    this.lastSample += 1;
    this.unjudged.set(this.lastSample, { ...answered, watch, sampled });
    if (this.unjudged.size > MAX_UNJUDGED) {
      const [oldest] = this.unjudged.keys();
      if (oldest !== undefined) this.unjudged.delete(oldest);
    }
    return this.lastSample;
  }

  /** Of that answer, only hits from the score `floor` on could be of use to the caller. */
  judged(sample: number, floor: number): void {
    const answered = this.unjudged.get(sample);
    if (answered === undefined) return;
    this.unjudged.delete(sample);
    const { watch, band, best, sampled } = answered;
    const query = { ...answered.query, floor };
    // Little is learnt from a query whose answers are in other shards.
    const isPlanned = best >= floor && watch.remember(query, band);
    if (sampled && !isPlanned && this.backlog.length < MAX_BACKLOG) {
      this.backlog.push({ watch, repeat: { query, source: 'query' } });
    }
    this.work();
  }

  /** To be called every second or so. */
  tick(): void {
    for (const watch of this.watches) watch.tick();
    this.work();
  }

  report(): RecallReport {
    return {
      target: this.options.ef.target,
      bands: BAND_ENDS.map((selectivity, i) => this.bandReport(selectivity, i)),
    };
  }

  async close(): Promise<void> {
    this.turns.close();
    await this.working;
  }

  private bandReport(selectivity: number, index: number): RecallBand {
    const seen = new RecallEvidence();
    const band = { selectivity, repeats: 0, ef: 0, failing: false };
    for (const { bands } of this.watches) {
      const own = bands[index];
      if (own === undefined) continue;
      const { curve, scanned, repeats } = own;
      seen.merge(curve.seen);
      seen.merge(scanned);
      band.repeats += repeats;
      band.ef = Math.max(band.ef, curve.ef);
      band.failing ||= curve.failing;
    }
    const { recall } = seen;
    const known = recall !== undefined;
    return {
      ...band,
      recall: known ? recall : null,
      low: known ? seen.low : null,
      high: known ? seen.high : null,
    };
  }

  private work(): void {
    if (this.turns.isClosed() || this.working !== undefined) return;
    this.working = this.repeatAll().finally(() => {
      this.working = undefined;
    });
  }

  private async repeatAll(): Promise<void> {
    for (let next = this.next(); next !== undefined && !this.turns.isClosed(); next = this.next()) {
      const { watch, repeat } = next;
      try {
        const result = await repeatExactly(
          watch.index,
          repeat.query,
          watch.efsOf,
          this.costs,
          this.turns.next,
        );
        if (result !== undefined) watch.record(result, repeat.source);
      } catch (error) {
        if (this.turns.isClosed()) return;
        this.logger.warn({ error: String(error) }, 'a search could not be repeated');
      }
      this.turns.end();
    }
  }

  /** Sampled searches first; then one of each tenant in turn. */
  private next(): { watch: RecallWatch; repeat: PlannedRepeat } | undefined {
    const sampled = this.backlog.shift();
    if (sampled !== undefined) return sampled;
    for (let i = 0; i < this.watches.length; i++) {
      this.turnOf = (this.turnOf + 1) % this.watches.length;
      const watch = this.watches[this.turnOf] as RecallWatch;
      const repeat = watch.nextCalibration();
      if (repeat !== undefined) return { watch, repeat };
    }
    return undefined;
  }
}
