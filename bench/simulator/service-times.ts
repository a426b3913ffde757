import type { Random } from '../lib/random.js';

/** What shards are asked in a search, in this order. */
export type Stage = 'words' | 'choose' | 'search';

/** One request to one shard: time inside the shard, and its way there and back, milliseconds. */
export type RequestTimes = readonly [tookMs: number, wayMs: number];

/** How long the parts of one search took on a real cluster where nothing else was searched for. */
export interface SearchTimes {
  /** The requests of each stage, beside each other; none where all was known already. */
  requests: Record<Stage, readonly RequestTimes[]>;
  /** What neither a shard nor the encoder took: the query node's own work, HTTP and the store. */
  ownMs: number;
  /** Until the text's vector was there: next to nothing where it was kept. */
  embeddingMs: number;
}

export interface ServiceTimes {
  /** Rows of each shard process that was measured. */
  rowsPerShard: number;
  /** Of the time inside a shard, and inside the query node, the part in which its process could do nothing else. */
  shardBusyShare: number;
  queryBusyShare: number;
  searches: readonly SearchTimes[];
}

/** What a piece of work costs, milliseconds. */
export interface Cost {
  /** Of its process. */
  cpuMs: number;
  /** Of waiting beside it, while the process may do other things. */
  waitMs: number;
}

/** A shard's graph is searched in a time that grows with the logarithm of its rows; fewer than these make no difference. */
const LEAST_ROWS = 1_000;

/**
 * Draws what searches take from those that were measured. All parts of one come from the same measured search:
 * a text that is dear in one shard is so in others, and what holds up one process of a machine holds up all.
 */
export class ServiceDraw {
  private readonly having: Record<Stage, readonly SearchTimes[]>;

  constructor(
    private readonly times: ServiceTimes,
    private readonly random: Random,
  ) {
    const having = (stage: Stage): readonly SearchTimes[] =>
      times.searches.filter(({ requests }) => requests[stage].length > 0);
    this.having = { words: having('words'), choose: having('choose'), search: having('search') };
  }

  next(): SearchTimes {
    return this.random.pick(this.times.searches);
  }

  /** The query node's own part of a search. */
  own({ ownMs }: SearchTimes): Cost {
    const cpuMs = ownMs * this.times.queryBusyShare;
    return { cpuMs, waitMs: ownMs - cpuMs };
  }

  /** The requests of one stage; `rows`: of the tenant on the node that is asked. */
  requests(search: SearchTimes, stage: Stage): (rows: number) => Cost {
    const { random, times } = this;
    const own = search.requests[stage];
    const drawn = own.length > 0 ? own : random.pick(this.having[stage]).requests[stage];
    return (rows) => {
      const [onceMs, wayMs] = random.pick(drawn);
      const tookMs = onceMs * growth(rows, times.rowsPerShard);
      const cpuMs = tookMs * times.shardBusyShare;
      return { cpuMs, waitMs: wayMs + tookMs - cpuMs };
    };
  }
}

/** How many times longer than a search of `measured` rows one of `rows` takes. */
function growth(rows: number, measured: number): number {
  return Math.log(Math.max(LEAST_ROWS, rows)) / Math.log(Math.max(LEAST_ROWS, measured));
}
