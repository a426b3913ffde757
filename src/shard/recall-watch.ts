import type { Logger } from '../core/logger.js';
import type { Partition } from '../store/store.js';
import { calibrationQuery } from './calibration-query.js';
import { EfController, type EfOptions, type SampleSource } from './ef-controller.js';
import type { RepeatQuery, RepeatResult } from './exact-repeat.js';
import { RecallEvidence } from './recall-evidence.js';
import { BAND_ENDS, bandOf } from './selectivity-band.js';
import type { TenantIndex } from './tenant-index.js';

/** Queries kept, to be repeated when graphs or `ef` have changed. */
const REMEMBERED = 64;
/** Repeats after a change of graphs or `ef`; in all between two changes of graphs. */
const ROUND_REPEATS = 48;
const MAX_REPEATS = 480;
/** Evidence that the figures rest on, at most. */
const RECENT_SEARCHES = 128;

interface Band {
  controller: EfController;
  /** What the figures are made of: fades, also across changes of `ef`. */
  recent: RecallEvidence;
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
 * that follows from it. Evidence comes from repeated searches; after a change of graphs or of `ef`
 * it asks for some of its own: queries it remembers, then stored rows in their place.
 */
export class RecallWatch {
  readonly bands: Band[];
  private readonly remembered: RepeatQuery[] = [];
  private nextSlot = 0;
  private graphs = '';
  private isCalibrated = true;
  private repeatsLeft = 0;
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
      controller: new EfController(ef),
      recent: new RecallEvidence(),
      repeats: 0,
      warned: false,
    }));
  }

  readonly efOf = (matches: number, live: number): number =>
    this.band(bandOf(matches, live)).controller.ef;

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
      this.repeatsLeft = MAX_REPEATS;
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

  record(result: RepeatResult, source: SampleSource): void {
    const band = this.band(result.band);
    band.repeats += 1;
    band.recent.add(result);
    if (band.recent.searches >= RECENT_SEARCHES) band.recent.halve();
    const { controller } = band;
    // A search without a graph is exact; one begun before `ef` changed tells of the old one.
    if (!result.usedGraph || result.ef !== controller.ef) return;
    const { recall } = band.recent;
    if (controller.observe(result, source)) {
      const upTo = BAND_ENDS[result.band];
      this.logger.info({ upTo, recall, from: result.ef, ef: controller.ef }, 'ef was changed');
      // What was measured at the old width fades fast.
      for (let i = 0; i < 3; i++) band.recent.halve();
      this.startRound();
    }
    this.warnOnce(result.band, band, recall);
  }

  private warnOnce(index: number, band: Band, recall: number | undefined): void {
    const { failing, ef } = band.controller;
    if (failing && !band.warned) {
      const upTo = BAND_ENDS[index];
      this.logger.warn({ upTo, recall, ef }, 'recall is below its target at the highest ef');
    }
    band.warned = failing;
  }

  private startRound(): void {
    const repeats = Math.min(ROUND_REPEATS, this.repeatsLeft);
    this.repeatsLeft -= repeats;
    const queries = Math.min(repeats, this.remembered.length);
    this.hasAskedQueries ||= this.remembered.length === REMEMBERED;
    this.round = { queries, rows: repeats - queries };
  }

  private band(index: number): Band {
    return this.bands[index] as Band;
  }
}
