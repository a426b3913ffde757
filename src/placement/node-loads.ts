import type { NodeLoad } from './balance.js';

/** How long a node's own count may lack what was placed on it: written, applied, told. */
const UNTOLD_MS = 10_000;
/** Placements remembered; past it the oldest go, which are told of long since. */
const MAX_UNTOLD = 100_000;

interface Untold {
  node: string;
  rows: number;
  atMs: number;
}

/**
 * What each node carries of all tenants: the rows that it last told of, and those that were placed
 * on it since. Asks nobody.
 */
export class NodeLoads {
  private untold: Untold[] = [];
  /** What each told of before it fell silent: it would draw everything on itself as an empty one. */
  private readonly last = new Map<string, number>();

  constructor(
    /** The nodes there are, with the rows that each tells of; undefined while it is silent. */
    private readonly told: () => readonly { node: string; rows: number | undefined }[],
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  now(): NodeLoad[] {
    const sinceMs = this.nowMs() - UNTOLD_MS;
    if ((this.untold[0]?.atMs ?? Infinity) < sinceMs) {
      this.untold = this.untold.filter(({ atMs }) => atMs >= sinceMs);
    }
    const loads = new Map(
      this.lastTold().map(({ node, rows }) => [node, { node, rows, places: 0 }]),
    );
    for (const { node, rows } of this.untold) {
      const load = loads.get(node);
      if (load === undefined) continue;
      load.rows += rows;
      load.places += 1;
    }
    return [...loads.values()];
  }

  /** One that has never said anything counts as an average one. */
  private lastTold(): { node: string; rows: number }[] {
    const told = this.told();
    for (const { node, rows } of told) if (rows !== undefined) this.last.set(node, rows);
    const known = told.flatMap(({ node }) => this.last.get(node) ?? []);
    const mean = known.reduce((sum, rows) => sum + rows, 0) / Math.max(1, known.length);
    return told.map(({ node }) => ({ node, rows: this.last.get(node) ?? mean }));
  }

  /** A partition was placed on `node`, for `rows` that are about to come. */
  placed(node: string, rows: number): void {
    if (this.untold.length >= MAX_UNTOLD) this.untold.splice(0, MAX_UNTOLD / 2);
    this.untold.push({ node, rows, atMs: this.nowMs() });
  }
}
