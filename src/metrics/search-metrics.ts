import { Histogram } from '../core/histogram.js';
import type { StageTimes } from '../core/stage-times.js';
import { Busiest } from './busiest.js';
import type { Labels, MetricsPage } from './metrics-page.js';
import { Tally } from './tally.js';

const LATENCY_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** What finds the hits of a search; `unread`: it failed before that was known. */
export type SearchMode =
  'text' | 'keyword' | 'meaning' | 'vector' | 'similar' | 'browse' | 'unread';

/**
 * How a search ended that was not its sender's mistake. `refused`: for its sender's limit, or since the node has too
 * much to do; `abandoned`: its sender went away.
 */
export type SearchOutcome = 'ok' | 'partial' | 'refused' | 'failed' | 'abandoned';

export const OUTCOMES: readonly SearchOutcome[] = [
  'ok',
  'partial',
  'refused',
  'failed',
  'abandoned',
];

/** All searches together. */
export interface SearchFigures {
  outcomes: Readonly<Record<SearchOutcome, number>>;
  milliseconds: Histogram;
}

interface Latencies {
  labels: Labels;
  histogram: Histogram;
}

/** Counts searches, each entry of a batch by itself, in numbers that cost a search nothing to speak of. */
export class SearchMetrics {
  private readonly milliseconds = new Histogram(LATENCY_MS);
  /** By mode and outcome. */
  private readonly seconds = new Map<SearchMode, ReadonlyMap<SearchOutcome, Latencies>>();
  /** Those of `queries_total`. */
  total = 0;
  private readonly errors = new Tally(['type']);
  private readonly rejections = new Tally(['reason']);
  private readonly refusals = new Tally(['reason']);
  private readonly partial = new Tally(['reason']);
  private readonly rateLimits = new Tally(['by']);
  private authFailures = 0;
  private readonly busiest = new Busiest();

  /** @param tenants of which the searches are told by name */
  constructor(page: MetricsPage, stages: StageTimes, tenants: number) {
    // There before its first: a series that is born with its first failure shows no rise.
    this.refusals.add(['overloaded'], 0);
    this.ofMode('unread');
    page.histogram(
      'query_latency_ms',
      'Time from a validated search request to its written reply, milliseconds; refused ones are not in it.',
      () => [[{}, this.milliseconds]],
    );
    page.histogram(
      'query_latency_seconds',
      'The same by what finds the hits and by outcome: ok, partial, refused, failed, abandoned (its sender went away).',
      () => this.allLatencies(),
    );
    page.count(
      'queries_total',
      'Searches, each entry of a batch by itself: answered, refused, failed and abandoned ones; those of query_latency_seconds.',
      () => this.total,
    );
    page.counter(
      'search_errors_total',
      'Searches that failed, or were refused since the node has too much to do, by the code of their error (a status of 500 or more).',
      () => this.errors.samples(),
    );
    page.counter(
      'rejected_requests_total',
      'Searches that were a mistake of their sender (a status of 4xx), by the code of their error.',
      () => this.rejections.samples(),
    );
    page.counter(
      'refused_requests_total',
      'Searches that were refused for a limit or for want of room, by the code of their error.',
      () => this.refusals.samples(),
    );
    page.counter(
      'partial_answers_total',
      'Answers that miss something, by what it is of and why; an answer counts once for each.',
      () => this.partial.samples(),
    );
    page.counter('rate_limited_total', 'Requests refused by a rate limit, by whose it is.', () =>
      this.rateLimits.samples(),
    );
    page.count(
      'auth_failures_total',
      'Requests with a key that there is not, or a signature that is none.',
      () => this.authFailures,
    );
    page.histogram(
      'search_stage_seconds',
      'What searches that were answered spent in each stage, all its rounds together; in stages that they passed.',
      () => Object.entries(stages.histograms).map(([stage, times]) => [{ stage }, times]),
    );
    page.counter(
      'tenant_queries_total',
      'Searches of the tenants that ask most of this node, METRICS_TENANTS of them.',
      () => this.busiest.top(tenants).map(([tenant, count]) => [{ tenant }, count]),
    );
  }

  /** A search was answered. @param missing why anything is missing of it */
  answered(
    tenant: string,
    mode: SearchMode,
    elapsedMs: number,
    missing: ReadonlySet<string>,
  ): void {
    for (const reason of missing) this.partial.add([reason]);
    this.ended(mode, missing.size === 0 ? 'ok' : 'partial', elapsedMs);
    this.busiest.add(tenant);
  }

  /** A search was not answered, for a limit or a failure. @param isError not its sender's limit */
  unanswered(
    mode: SearchMode,
    outcome: 'refused' | 'failed' | 'abandoned',
    code: string,
    isError: boolean,
    elapsedMs: number,
  ): void {
    if (isError) this.errors.add([code]);
    if (outcome === 'refused') this.refusals.add([code]);
    this.ended(mode, outcome, elapsedMs);
  }

  /** A search was its sender's mistake. */
  rejected(code: string): void {
    this.rejections.add([code]);
  }

  /** A request was refused by a limit of this kind. */
  limited(by: string): void {
    this.rateLimits.add([by]);
  }

  /** Somebody came with a key that there is not. */
  authFailed(): void {
    this.authFailures += 1;
  }

  /** Searches since the start, and what those took that were not refused. */
  figures(): SearchFigures {
    const outcomes = { ok: 0, partial: 0, refused: 0, failed: 0, abandoned: 0 };
    for (const ofMode of this.seconds.values()) {
      for (const [outcome, { histogram }] of ofMode) outcomes[outcome] += histogram.total;
    }
    return { outcomes, milliseconds: this.milliseconds };
  }

  /** Tenants that ask most of this node. */
  topTenants(limit: number): string[] {
    return this.busiest.top(limit).map(([tenant]) => tenant);
  }

  private ended(mode: SearchMode, outcome: SearchOutcome, elapsedMs: number): void {
    this.total += 1;
    this.ofMode(mode)
      .get(outcome)
      ?.histogram.observe(elapsedMs / 1_000);
    // What is refused at once would flatter the rest.
    if (outcome !== 'refused') this.milliseconds.observe(elapsedMs);
  }

  /** All outcomes of a mode, from its first search on. */
  private ofMode(mode: SearchMode): ReadonlyMap<SearchOutcome, Latencies> {
    let ofMode = this.seconds.get(mode);
    if (ofMode === undefined) {
      ofMode = new Map(
        OUTCOMES.map((outcome) => {
          const latencies = { labels: { mode, outcome }, histogram: new Histogram() };
          return [outcome, latencies] as const;
        }),
      );
      this.seconds.set(mode, ofMode);
    }
    return ofMode;
  }

  private *allLatencies(): Generator<[Labels, Histogram]> {
    for (const ofMode of this.seconds.values()) {
      for (const { labels, histogram } of ofMode.values()) yield [labels, histogram];
    }
  }
}
