import { setTimeout as sleep } from 'node:timers/promises';
import { collectDefaultMetrics, Registry, type Metric } from 'prom-client';
import type { Histogram } from '../core/histogram.js';

/** Of one series; few values each, since each of them is kept by whoever scrapes. */
export type Labels = Readonly<Record<string, string>>;

/** A series as it is now; undefined: it is not known, and left out. */
export type Sample = readonly [labels: Labels, value: number | undefined];

/** Who shows the page. */
export interface Exporter {
  role: string;
  version: string;
  /** Of every series; undefined: there is none. */
  region?: string | undefined;
}

interface Value {
  labels: Record<string, string | number>;
  value: number;
  metricName?: string;
}

type Kind = 'counter' | 'gauge' | 'histogram';

/** Gauges of the library that are named as counters are. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];
const NO_LABELS: Labels = {};
/** Scrapers give up after ten seconds. */
const FETCH_MS = 1_000;

/**
 * What a process shows of itself to Prometheus. Nothing is counted here: each figure is read when it is asked for, from
 * whoever keeps it anyway.
 */
export class MetricsPage {
  private readonly registry = new Registry();
  private readonly before: (() => Promise<void>)[] = [];
  /** By name, who tells of it: several may, of series of their own. */
  private readonly readers = new Map<string, (() => Value[])[]>();

  constructor({ role, version, region }: Exporter) {
    if (region !== undefined) this.registry.setDefaultLabels({ region });
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    const help = 'Which software answers, and as what; always 1.';
    this.gauge('build_info', help, () => [[{ version, role }, 1]]);
  }

  /** Names of all that is declared, without what Node itself tells. */
  get names(): readonly string[] {
    return [...this.readers.keys()];
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /**
   * Called before each page, for what has to be fetched, and not while it is still fetched for one before: a page waits
   * for it `FETCH_MS` at most, and has then what is known without it.
   */
  onScrape(fetch: () => Promise<void> | void): void {
    let pending: Promise<void> | undefined;
    const begin = (): Promise<void> =>
      Promise.resolve()
        .then(fetch)
        .finally(() => (pending = undefined));
    this.before.push(() => (pending ??= begin()));
  }

  counter(name: string, help: string, read: () => Iterable<Sample>): void {
    this.add('counter', name, help, () => valuesOf(read()));
  }

  gauge(name: string, help: string, read: () => Iterable<Sample>): void {
    this.add('gauge', name, help, () => valuesOf(read()));
  }

  /** Of one series without labels. */
  count(name: string, help: string, read: () => number | undefined): void {
    this.counter(name, help, () => [[NO_LABELS, read()]]);
  }

  /** Of one series without labels. */
  level(name: string, help: string, read: () => number | undefined): void {
    this.gauge(name, help, () => [[NO_LABELS, read()]]);
  }

  histogram(
    name: string,
    help: string,
    read: () => Iterable<readonly [labels: Labels, histogram: Histogram]>,
  ): void {
    this.add('histogram', name, help, () => {
      const values: Value[] = [];
      for (const [labels, histogram] of read()) addHistogram(values, name, labels, histogram);
      return values;
    });
  }

  /** The exposition text, as all is now. */
  async render(): Promise<string> {
    const limit = new AbortController();
    const late = sleep(FETCH_MS, undefined, { signal: limit.signal }).catch(() => undefined);
    const fetched = Promise.all(this.before.map((fetch) => fetch()));
    await Promise.race([fetched, late]).finally(() => limit.abort());
    return this.registry.metrics();
  }

  private add(type: Kind, name: string, help: string, read: () => Value[]): void {
    const others = this.readers.get(name);
    if (others !== undefined) {
      others.push(read);
      return;
    }
    const readers = [read];
    this.readers.set(name, readers);
    const get = async () => ({ name, help, type, values: readers.flatMap((each) => each()) });
    // What the registry asks of a metric is this alone; its own kinds would look each series up by its labels.
    this.registry.registerMetric({ name, get } as unknown as Metric);
  }
}

function valuesOf(samples: Iterable<Sample>): Value[] {
  const values: Value[] = [];
  for (const [labels, value] of samples) if (value !== undefined) values.push({ labels, value });
  return values;
}

function addHistogram(
  values: Value[],
  name: string,
  labels: Labels,
  { bounds, counts, sum }: Histogram,
): void {
  const metricName = `${name}_bucket`;
  let below = 0;
  bounds.forEach((bound, i) => {
    below += counts[i] ?? 0;
    values.push({ metricName, labels: { ...labels, le: bound }, value: below });
  });
  below += counts[bounds.length] ?? 0;
  values.push({ metricName, labels: { ...labels, le: '+Inf' }, value: below });
  values.push({ metricName: `${name}_sum`, labels, value: sum });
  values.push({ metricName: `${name}_count`, labels, value: below });
}
