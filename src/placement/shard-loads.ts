import type { ShardLoad } from './balance.js';

/** How long a shard's own count may lack what was placed on it: written, applied, told. */
const UNTOLD_MS = 10_000;
/** Placements remembered; past it the oldest go, which a busy node's shards have told of long since. */
const MAX_UNTOLD = 100_000;

interface Untold {
  shard: string;
  rows: number;
  atMs: number;
}

/**
 * What each shard carries of all tenants: the rows that it last told of, and those that were placed
 * on it since. Asks nobody.
 */
export class ShardLoads {
  private untold: Untold[] = [];
  /** What each told of before it fell silent: it would draw everything on itself as an empty one. */
  private readonly last = new Map<string, number>();

  constructor(
    /** The shards there are, with the rows that each tells of; undefined while it is silent. */
    private readonly told: () => readonly { shard: string; rows: number | undefined }[],
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  now(): ShardLoad[] {
    const sinceMs = this.nowMs() - UNTOLD_MS;
    if ((this.untold[0]?.atMs ?? Infinity) < sinceMs) {
      this.untold = this.untold.filter(({ atMs }) => atMs >= sinceMs);
    }
    const loads = new Map(
      this.lastTold().map(({ shard, rows }) => [shard, { shard, rows, places: 0 }]),
    );
    for (const { shard, rows } of this.untold) {
      const load = loads.get(shard);
      if (load === undefined) continue;
      load.rows += rows;
      load.places += 1;
    }
    return [...loads.values()];
  }

  /** One that has never said anything counts as an average one. */
  private lastTold(): { shard: string; rows: number }[] {
    const told = this.told();
    for (const { shard, rows } of told) if (rows !== undefined) this.last.set(shard, rows);
    const known = told.flatMap(({ shard }) => this.last.get(shard) ?? []);
    const mean = known.reduce((sum, rows) => sum + rows, 0) / Math.max(1, known.length);
    return told.map(({ shard }) => ({ shard, rows: this.last.get(shard) ?? mean }));
  }

  /** A partition was placed on `shard`, for `rows` that are about to come. */
  placed(shard: string, rows: number): void {
    if (this.untold.length >= MAX_UNTOLD) this.untold.splice(0, MAX_UNTOLD / 2);
    this.untold.push({ shard, rows, atMs: this.nowMs() });
  }
}
