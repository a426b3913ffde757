/** How much of what was learnt remains after each new measurement. */
const MEMORY = 0.9;
/** What takes so many times as long as expected counts as this many times. */
const OUTLIER = 5;

/** A batch is thrifty when the texts' own part is so many times the fixed one. */
const THRIFT = 4;

/**
 * How long a batch will take, learnt from those that ran: a line `fixed + perToken · tokens` through
 * recent measurements (least squares, older ones weigh less). The fixed part is why a batch is
 * cheaper a text than single ones: for CLIP B/32, 5 ms and 0.74 ms a token. Rough, as attention
 * grows with the square of the length, which is enough to size batches and to turn away queries
 * that would wait too long.
 */
export class CostEstimate {
  #weight = 0;
  #tokens = 0;
  #ms = 0;
  #tokensSquared = 0;
  #tokensMs = 0;
  /** The fixed part of an average batch when it was last seen, 0 to 1. */
  #fixedShare = 0;

  /** A batch of `tokens` tokens, padding included, took `measuredMs`. */
  observe(tokens: number, measuredMs: number): void {
    // A worker that was just replaced loads its model first: that is not what a batch costs.
    const usualMs = this.predictMs(tokens);
    const tookMs = usualMs === 0 ? measuredMs : Math.min(measuredMs, usualMs * OUTLIER);
    this.#weight = this.#weight * MEMORY + 1;
    this.#tokens = this.#tokens * MEMORY + tokens;
    this.#ms = this.#ms * MEMORY + tookMs;
    this.#tokensSquared = this.#tokensSquared * MEMORY + tokens * tokens;
    this.#tokensMs = this.#tokensMs * MEMORY + tokens * tookMs;
    this.#fixedShare = (this.#line().fixedMs * this.#weight) / this.#ms;
  }

  /** Milliseconds that one batch of `tokens` tokens will take on one worker; 0 before any ran. */
  predictMs(tokens: number): number {
    const { fixedMs, perTokenMs } = this.#line();
    return fixedMs + perTokenMs * tokens;
  }

  /** Milliseconds that one worker will take for `tokens` tokens in so many batches. */
  predictQueueMs(tokens: number, batches: number): number {
    const { fixedMs, perTokenMs } = this.#line();
    return fixedMs * batches + perTokenMs * tokens;
  }

  /** How many texts of `length` tokens one batch may have to take `budgetMs`; at least one. */
  textsWithin(budgetMs: number, length: number): number {
    const { fixedMs, perTokenMs } = this.#line();
    const eachMs = perTokenMs * length;
    return eachMs === 0 ? Infinity : Math.max(1, Math.floor((budgetMs - fixedMs) / eachMs));
  }

  /** Texts of `length` tokens past which a batch is hardly cheaper a text: its fixed part is little. */
  thriftyTexts(length: number): number {
    const { fixedMs, perTokenMs } = this.#line();
    const eachMs = perTokenMs * length;
    return eachMs === 0 ? 1 : Math.max(1, Math.ceil((THRIFT * fixedMs) / eachMs));
  }

  #line(): { fixedMs: number; perTokenMs: number } {
    if (this.#weight === 0) return { fixedMs: 0, perTokenMs: 0 };
    const spread = this.#tokensSquared * this.#weight - this.#tokens ** 2;
    const throughOrigin = this.#ms / this.#tokens;
    // All batches of one size tell no slope: it is taken for what it was.
    if (spread < 0.01 * this.#tokensSquared * this.#weight) {
      const fixedMs = (this.#fixedShare * this.#ms) / this.#weight;
      return { fixedMs, perTokenMs: throughOrigin * (1 - this.#fixedShare) };
    }
    const slope = (this.#tokensMs * this.#weight - this.#tokens * this.#ms) / spread;
    // A fixed part below zero, or a slope that falls, is noise.
    const perTokenMs = Math.min(Math.max(slope, throughOrigin / 10), throughOrigin);
    return { fixedMs: (this.#ms - perTokenMs * this.#tokens) / this.#weight, perTokenMs };
  }
}
