import type { Coefficients } from './coefficients.js';
import { categoryShares, shopsOf, type Shops, type Workload } from './workload.js';

/** Where the coefficients of a shard's work hold. */
const MEASURED_ROWS = 10_000;
const MEASURED_DIMENSIONS = 512;
/** Fewer make no difference. */
const LEAST_ROWS = 1_000;

/** What one search asks for on so many parts, on the mean. */
export interface SearchCost {
  /** Parts that a new text asks to choose its set, and those that a search looks at. */
  asked: number;
  looked: number;
  /** One core's time at one part, milliseconds. */
  chooseMs: number;
  lookMs: number;
}

/** One walk through the graph of so many rows, milliseconds of a core: a part that is always there, and one that grows. */
export function graphMs(rows: number, dimensions: number, of: Coefficients): number {
  const work = (growthOf(rows) * dimensions) / MEASURED_DIMENSIONS;
  return Math.max(0, of.graph_cpu_ms + of.graph_growth_ms * (work - 1));
}

function growthOf(rows: number): number {
  return Math.log(Math.max(LEAST_ROWS, rows)) / Math.log(MEASURED_ROWS);
}

/** What searches cost, by the number of parts that all data is cut into. */
export class SearchCosts {
  readonly shops: readonly Shops[];
  private readonly categories: readonly number[];

  constructor(
    private readonly workload: Workload,
    private readonly of: Coefficients,
  ) {
    this.shops = shopsOf(workload);
    this.categories = categoryShares(workload.categories);
  }

  /** A search of one of these shops. */
  search({ rows }: Shops, parts: number): SearchCost {
    const { of, workload } = this;
    const asked = Math.min(parts, Math.max(1, Math.ceil(rows / workload.partitionRows)));
    const looked =
      of.one_category_share * this.partsOfCategory(asked) + (1 - of.one_category_share) * asked;
    const growth = growthOf(rows / asked);
    const walkMs = graphMs(rows / asked, workload.dimensions, of);
    return {
      asked,
      looked,
      chooseMs: of.choose_cpu_ms * growth + walkMs,
      lookMs: of.look_cpu_ms * growth + walkMs,
    };
  }

  /** Cores that shard processes are busy with, all together. */
  shardCores(parts: number): number {
    return this.cores((shops) => {
      const { asked, looked, chooseMs, lookMs } = this.search(shops, parts);
      return this.of.new_text_share * asked * chooseMs + looked * lookMs;
    });
  }

  /** Cores that query nodes are busy with. */
  queryCores(parts: number): number {
    return this.cores((shops) => this.querySearchMs(this.search(shops, parts)));
  }

  /** A query node's work for one search, milliseconds of a core. */
  querySearchMs({ asked, looked }: SearchCost): number {
    const { of } = this;
    const messages = of.new_text_share * asked + looked;
    return of.query_cpu_ms + of.new_text_share * of.embed_cpu_ms + of.query_part_cpu_ms * messages;
  }

  /** Bytes a second between query nodes and everybody else. */
  networkBytes(parts: number): number {
    const { of, workload } = this;
    const partBytes = of.part_bytes + 4 * workload.dimensions;
    return this.perSecond((shops) => {
      const { asked, looked } = this.search(shops, parts);
      return of.reply_bytes + (of.new_text_share * asked + looked) * partBytes;
    });
  }

  private cores(ms: (shops: Shops) => number): number {
    return this.perSecond(ms) / 1_000;
  }

  private perSecond(each: (shops: Shops) => number): number {
    const sum = this.shops.reduce((all, shops) => all + shops.count * shops.share * each(shops), 0);
    return this.workload.qps * sum;
  }

  /** A category lies on as large a share of the parts as of the products, and on one at least; large ones are looked at more. */
  private partsOfCategory(parts: number): number {
    let mean = 0;
    let left = 1;
    for (const share of this.categories) {
      if (share * parts <= 1) break;
      mean += share * share * parts;
      left -= share;
    }
    return mean + left;
  }
}
