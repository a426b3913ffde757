import { Histogram } from './histogram.js';

/** What a search passes through, in this order. */
const STAGES = [
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

/** What one search has spent, milliseconds by stage. */
export class StageClock {
  words = 0;
  embed = 0;
  plan = 0;
  search = 0;
  merge = 0;
  rerank = 0;
  join = 0;
  serialize = 0;

  /** Adds the time since `startedMs`. */
  spent(stage: Stage, startedMs: number): void {
    this.add(stage, performance.now() - startedMs);
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
