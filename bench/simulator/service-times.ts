import type { Random } from '../lib/random.js';

/** What a shard is asked in a search, in this order, each of all nodes that hold something. */
export type Stage = 'words' | 'choose' | 'search';

/** How long each part of a search took on a real cluster, a search at a time. All are milliseconds. */
export interface ServiceTimes {
  /** Rows of each shard process there. */
  rowsPerShard: number;
  /** Inside shards, by the requests of one search beside each other. */
  inShard: Record<Stage, number[][]>;
  /** A request's way there and back: its round trip less what it took in the shard. */
  onTheWay: number[];
  /** Of one search, what neither a shard nor the encoder took: the query node's own work, HTTP and the store. */
  inQueryNode: number[];
  /** Until the text's vector was there: next to nothing where it was kept. */
  embedding: number[];
  /** Of the time inside a shard, and inside the query node, the part in which its process could do nothing else. */
  shardBusyShare: number;
  queryBusyShare: number;
}

/** What one request costs. */
export interface RequestCost {
  /** Of a shard's core. */
  cpuMs: number;
  /** There and back, and whatever else it waits for while the shard may do other things. */
  wayMs: number;
}

/** A partition's search takes longer the more rows it has: a graph's by their logarithm. */
const LEAST_ROWS = 1_000;

/** Draws what searches take from what was measured. */
export class ServiceDraw {
  constructor(
    private readonly times: ServiceTimes,
    private readonly random: Random,
  ) {}

  /**
   * The requests of one stage of one search: they come from one search that was measured, since a text that is
   * dear on one shard is so on others. `rows`: of the tenant on the node that is asked.
   */
  stage(stage: Stage): (rows: number) => RequestCost {
    const { random, times } = this;
    const ofOneSearch = random.pick(times.inShard[stage]);
    return (rows) => {
      const tookMs = random.pick(ofOneSearch) * growth(rows, times.rowsPerShard);
      const cpuMs = tookMs * times.shardBusyShare;
      return { cpuMs, wayMs: random.pick(times.onTheWay) + tookMs - cpuMs };
    };
  }

  /** The query node's own part of a search, and what it waits for besides. */
  queryNode(): { cpuMs: number; waitMs: number } {
    const tookMs = this.random.pick(this.times.inQueryNode);
    const cpuMs = tookMs * this.times.queryBusyShare;
    return { cpuMs, waitMs: tookMs - cpuMs };
  }

  embeddingMs(): number {
    return this.random.pick(this.times.embedding);
  }
}

/** How many times longer than a search of `measured` rows one of `rows` takes. */
function growth(rows: number, measured: number): number {
  return Math.log(Math.max(LEAST_ROWS, rows)) / Math.log(Math.max(LEAST_ROWS, measured));
}
