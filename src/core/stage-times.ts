import { Histogram } from './histogram.js';
import type { Span } from './span.js';

/** What a search passes through, in this order. */
export const STAGES = [
  'words',
  'embed',
  'plan',
  'search',
  'merge',
  'rerank',
  'join',
  'serialize',
] as const;

export type Stage = (typeof STAGES)[number];

/** The name of a stage in traces. */
const spanName = (stage: Stage): string => (stage === 'search' ? 'fan_out' : stage);

/** What one search has spent, milliseconds by stage; tells the trace of its request of each. */
export class StageClock {
  words = 0;
  embed = 0;
  plan = 0;
  search = 0;
  merge = 0;
  rerank = 0;
  join = 0;
  serialize = 0;

  /** @param span of the request; undefined: it is not traced */
  constructor(private readonly span?: Span) {}

  /** Adds the time since `startedMs`. */
  spent(stage: Stage, startedMs: number): void {
    this.add(stage, performance.now() - startedMs);
    this.span?.past(spanName(stage), startedMs);
  }

  /** The same of a stage that others are asked in, whose spans are parts of the one that this returns. */
  asks(stage: Stage): { span: Span | undefined; end: () => void } {
    const startedMs = performance.now();
    const span = this.span?.child(spanName(stage));
    const end = (): void => {
      this.add(stage, performance.now() - startedMs);
      span?.end();
    };
    return { span, end };
  }

  add(stage: Stage, ms: number): void {
    this[stage] += ms;
  }
}

/** How long the stages of all searches took. */
export class StageTimes {
  readonly histograms = Object.fromEntries(
    STAGES.map((stage) => [stage, new Histogram()]),
  ) as Record<Stage, Histogram>;

  /** A search ended: each stage that it passed counts once, whatever the rounds. */
  ended(clock: StageClock): void {
    for (const stage of STAGES) if (clock[stage] > 0) this.took(stage, clock[stage]);
  }

  took(stage: Stage, ms: number): void {
    this.histograms[stage].observe(ms / 1_000);
  }
}
