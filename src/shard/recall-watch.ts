import type { Logger } from '../core/logger.js';
import type { Partition } from '../store/store.js';
import { calibrationQuery } from './calibration-query.js';
import { EfCurve, type EfOptions, type SampleSource } from './ef-curve.js';
import type { RepeatQuery, RepeatResult } from './exact-repeat.js';
import { RecallEvidence } from './recall-evidence.js';
import { RememberedQueries } from './remembered-queries.js';
import { BAND_ENDS, bandOf } from './selectivity-band.js';
import type { TenantIndex } from './tenant-index.js';

/** Queries kept of a band. A change of graphs is followed by as many repeats, or more. */
const REMEMBERED = 48;

interface Band {
  curve: EfCurve;
  queries: RememberedQueries;
  /** Searches without a graph: they count for what callers got, not for `ef`. */
  scanned: RecallEvidence;
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
  private graphs = '';
  private isCalibrated = true;
  /** What is to be repeated to calibrate: callers' queries first, then so many stored rows. */
  private queriesLeft: RepeatQuery[] = [];
  private rowsLeft = 0;

  constructor(
    readonly index: TenantIndex,
    private readonly partitions: () => readonly Partition[],
    ef: EfOptions,
    private readonly logger: Logger,
    private readonly random: () => number,
  ) {
    this.bands = BAND_ENDS.map(() => ({
      curve: new EfCurve(ef),
      queries: new RememberedQueries(REMEMBERED),
      scanned: new RecallEvidence(),
      repeats: 0,
      warned: false,
    }));
  }

  readonly efOf = (matches: number, live: number): number =>
    this.band(bandOf(matches, live)).curve.ef;

  /** The widths at which a search in that band is to be repeated. */
  readonly efsOf = (band: number): readonly number[] => this.band(band).curve.ladder;

  /** Whether it would remember a query of that band. */
  wantsQuery(band: number): boolean {
    return this.graphs !== '' && this.band(band).queries.wantsOne;
  }

  /** Keeps a caller's query, perhaps. The first of a band are repeated soon: whether this one is. */
  remember(query: RepeatQuery, band: number): boolean {
    const isNew = this.band(band).queries.offer(query);
    if (isNew) this.queriesLeft.push(query);
    return isNew;
  }

  /** Looks whether graphs have changed; they must have stayed the same between two calls. */
  tick(): void {
    for (const { queries } of this.bands) queries.tick();
    const { segments } = this.index;
    const withGraph = segments.filter(({ graph }) => graph !== undefined);
    const graphs = withGraph.map(({ name }) => name).join(' ');
    if (graphs !== this.graphs) {
      this.graphs = graphs;
      this.isCalibrated = false;
      return;
    }
    if (graphs === '' || this.partitions().length === 0) return;
    if (!this.isCalibrated) this.calibrate();
  }

  /** The next search by which this would learn its recall; undefined when it knows enough. */
  nextCalibration(): PlannedRepeat | undefined {
    const query = this.queriesLeft.pop();
    if (query !== undefined) return { query, source: 'query' };
    if (this.rowsLeft === 0) return undefined;
    this.rowsLeft -= 1;
    const row = calibrationQuery(this.index, this.partitions(), this.rowsLeft, this.random);
    return row && { query: row, source: 'row' };
  }

  record({ band: index, scanned, samples }: RepeatResult, source: SampleSource): void {
    const band = this.band(index);
    const { curve } = band;
    const { ef } = curve;
    band.repeats += 1;
    if (scanned) {
      for (const sample of samples) band.scanned.add(sample);
      return;
    }
    const hasChanged = curve.observe(samples, source);
    const about = { upTo: BAND_ENDS[index], recall: curve.seen.recall, ef: curve.ef };
    if (hasChanged) this.logger.info({ ...about, from: ef }, 'ef was changed');
    if (curve.failing && !band.warned) {
      this.logger.warn(about, 'recall is below its target at the highest ef');
    }
    band.warned = curve.failing;
  }

  private calibrate(): void {
    this.isCalibrated = true;
    this.queriesLeft = [];
    for (const band of this.bands) {
      band.curve.fade();
      this.queriesLeft.push(...band.queries.all);
    }
    this.rowsLeft = Math.max(0, REMEMBERED - this.queriesLeft.length);
  }

  private band(index: number): Band {
    return this.bands[index] as Band;
  }
}
