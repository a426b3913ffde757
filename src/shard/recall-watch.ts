import type { Logger } from '../core/logger.js';
import type { Partition } from '../store/store.js';
import { calibrationQuery } from './calibration-query.js';
import { EfCurve, type EfOptions, type SampleSource } from './ef-curve.js';
import type { RepeatQuery, RepeatResult } from './exact-repeat.js';
import { BAND_ENDS, bandOf } from './selectivity-band.js';
import type { TenantIndex } from './tenant-index.js';

/** Queries kept, to be repeated when graphs have changed; as many repeats there are then. */
const REMEMBERED = 64;

interface Band {
  curve: EfCurve;
  repeats: number;
  /** It was said in the log. */
  warned: boolean;
}

/** A search to repeat, and where its query is from. */
export interface PlannedRepeat {
  query: RepeatQuery;
  source: SampleSource;
}

/**
 * What is known of the recall of one tenant's searches here, by band of selectivity, and the `ef`
 * that follows from it. Evidence comes from repeated searches; after a change of graphs it asks for
 * some of its own: queries it remembers, then stored rows in their place.
 */
export class RecallWatch {
  readonly bands: Band[];
  private readonly remembered: RepeatQuery[] = [];
  private nextSlot = 0;
  private graphs = '';
  private isCalibrated = true;
  /** As many queries as can be kept were asked of these graphs. */
  private hasAskedQueries = false;
  private round = { queries: 0, rows: 0 };
  private wantsAnother = true;

  constructor(
    readonly index: TenantIndex,
    private readonly partitions: () => readonly Partition[],
    ef: EfOptions,
    private readonly logger: Logger,
    private readonly random: () => number,
  ) {
    this.bands = BAND_ENDS.map(() => ({
      curve: new EfCurve(ef),
      repeats: 0,
      warned: false,
    }));
  }

  readonly efOf = (matches: number, live: number): number =>
    this.band(bandOf(matches, live)).curve.ef;

  /** The widths at which a search in that band is to be repeated. */
  readonly efsOf = (band: number): readonly number[] => this.band(band).curve.ladder;

  /** Whether it would keep the query of a search: all at first, then one between two ticks. */
  get wantsQuery(): boolean {
    return this.graphs !== '' && (this.wantsAnother || this.remembered.length < REMEMBERED);
  }

  /** Keeps a caller's query in the place of the oldest. */
  remember(query: RepeatQuery): void {
    if (!this.wantsQuery) return;
    this.wantsAnother = false;
    this.remembered[this.nextSlot] = query;
    this.nextSlot = (this.nextSlot + 1) % REMEMBERED;
  }

  /** Looks whether graphs have changed; they must have stayed the same between two calls. */
  tick(): void {
    this.wantsAnother = true;
    const { segments } = this.index;
    const withGraph = segments.filter(({ graph }) => graph !== undefined);
    const graphs = withGraph.map(({ name }) => name).join(' ');
    if (graphs !== this.graphs) {
      this.graphs = graphs;
      this.isCalibrated = false;
      return;
    }
    if (graphs === '' || this.partitions().length === 0) return;
    if (!this.isCalibrated) {
      this.isCalibrated = true;
      this.hasAskedQueries = false;
      for (const { curve } of this.bands) curve.fade();
      this.startRound();
    } else if (!this.hasAskedQueries && this.remembered.length === REMEMBERED) {
      // Stored rows had to do until there were queries.
      this.startRound();
    }
  }

  /** The next search by which this would learn its recall; undefined when it knows enough. */
  nextCalibration(): PlannedRepeat | undefined {
    const { round } = this;
    if (round.queries > 0) {
      round.queries -= 1;
      const query = this.remembered[round.queries];
      if (query !== undefined) return { query, source: 'query' };
    }
    if (round.rows === 0) return undefined;
    round.rows -= 1;
    const query = calibrationQuery(this.index, this.partitions(), round.rows, this.random);
    return query && { query, source: 'row' };
  }

  record({ band: index, samples }: RepeatResult, source: SampleSource): void {
    const band = this.band(index);
    const { curve } = band;
    const { ef } = curve;
    band.repeats += 1;
    const hasChanged = curve.observe(samples, source);
    const about = { upTo: BAND_ENDS[index], recall: curve.seen.recall, ef: curve.ef };
    if (hasChanged) this.logger.info({ ...about, from: ef }, 'ef was changed');
    if (curve.failing && !band.warned) {
      this.logger.warn(about, 'recall is below its target at the highest ef');
    }
    band.warned = curve.failing;
  }

  private startRound(): void {
    const queries = this.remembered.length;
    this.hasAskedQueries ||= queries === REMEMBERED;
    this.round = { queries, rows: REMEMBERED - queries };
  }

  private band(index: number): Band {
    return this.bands[index] as Band;
  }
}
