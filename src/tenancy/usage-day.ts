import { isObject } from '../core/json.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import type { TenantUsage } from '../store/store.js';

/** What a tenant did in some time, as far as it is counted. */
export interface UsageFigures {
  /** Searches that were answered; of a batch each. */
  searches: number;
  /** Searches that it was our fault that they were not (status 5xx). */
  failed: number;
  /** Searches and writes beyond a rate limit. */
  limited: number;
  /** Products written or deleted; those that changed nothing do not count. */
  writes: number;
  /** Texts embedded, of queries and of products. */
  embeds: number;
}

const FIGURES = [
  'searches',
  'failed',
  'limited',
  'writes',
  'embeds',
] as const satisfies readonly (keyof UsageFigures)[];

/** Upper bounds of what is told apart of the times of searches, milliseconds; the last one has no end. */
const BOUNDS_MS = [
  1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 2_000, 5_000, 10_000,
] as const;
const PERCENTILE = 0.95;

const STORED = [
  'products',
  'categories',
  'fields',
  'bytes',
] as const satisfies readonly (keyof TenantUsage)[];

/** A tenant's day, or several together. */
export class UsageDay {
  readonly figures: UsageFigures = { searches: 0, failed: 0, limited: 0, writes: 0, embeds: 0 };
  /** What it had in the store when that was looked at last. */
  stored: TenantUsage | undefined;
  private readonly times = new Array<number>(BOUNDS_MS.length + 1).fill(0);

  static parse(value: JsonValue | undefined): UsageDay {
    const day = new UsageDay();
    if (!isObject(value)) return day;
    for (const name of FIGURES) day.figures[name] = countOf(value[name]);
    const times = Array.isArray(value['times']) ? value['times'] : [];
    day.times.forEach((_, i) => (day.times[i] = countOf(times[i])));
    const stored = value['stored'];
    if (isObject(stored)) {
      const usage = STORED.map((name) => [name, countOf(stored[name])] as const);
      day.stored = Object.fromEntries(usage) as unknown as TenantUsage;
    }
    return day;
  }

  /** A search was answered. */
  searched(elapsedMs: number): void {
    this.figures.searches += 1;
    const place = BOUNDS_MS.findIndex((bound) => elapsedMs <= bound);
    const at = place === -1 ? BOUNDS_MS.length : place;
    this.times[at] = (this.times[at] ?? 0) + 1;
  }

  /** Adds what came before `later`, or beside it. */
  add(later: UsageDay): void {
    for (const name of FIGURES) this.figures[name] += later.figures[name];
    this.times.forEach((count, i) => (this.times[i] = count + (later.times[i] ?? 0)));
    this.stored = later.stored ?? this.stored;
  }

  /** Of searches, the part that was answered, of 1; undefined where there was none. */
  get availability(): number | undefined {
    const { searches, failed } = this.figures;
    return searches + failed === 0 ? undefined : searches / (searches + failed);
  }

  /** 95 of 100 searches took no longer, as near as the bounds tell; undefined where there was none. */
  get p95Ms(): number | undefined {
    const wanted = this.figures.searches * PERCENTILE;
    let below = 0;
    for (const [i, count] of this.times.entries()) {
      if (count > 0 && below + count >= wanted) {
        const from = i === 0 ? 0 : (BOUNDS_MS[i - 1] ?? 0);
        const to = BOUNDS_MS[i] ?? from;
        return from + ((to - from) * (wanted - below)) / count;
      }
      below += count;
    }
    return undefined;
  }

  toJson(): JsonObject {
    const { stored } = this;
    return {
      ...this.figures,
      times: this.times,
      ...(stored === undefined ? {} : { stored: { ...stored } }),
    };
  }
}

function countOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
