import type { ReplayedNodes } from '../../bench/simulator/replay.js';

/** Busy for longer, a node is too slow: what waits in it takes more than the work itself. */
const SLOW_SHARE = 0.9;

/** Nodes that are told apart by how busy they are alone: a day of them takes no time. */
export class CountedNodes implements ReplayedNodes {
  /** Searches, and those that found nodes too busy. */
  searches = 0;
  slow = 0;
  running: number;
  private nodes: number[];
  private busyMs = 0;
  private lapSearches = 0;

  /** @param searchMs what a search takes of a node */
  constructor(
    atFirst: number,
    private readonly searchMs: number,
  ) {
    this.nodes = Array.from({ length: atFirst }, () => 0);
    this.running = atFirst;
  }

  become(count: number, atMs: number, startMs: number): void {
    while (this.nodes.length < count) this.nodes.push(atMs + startMs);
    this.nodes = this.nodes.slice(0, count);
  }

  serve(fromMs: number, forMs: number, perSecond: number): void {
    this.running = this.nodes.filter((readyAtMs) => readyAtMs <= fromMs).length;
    const searches = (perSecond * forMs) / 1_000;
    const busyMs = searches * this.searchMs;
    const share = busyMs / (forMs * this.running);
    this.searches += searches;
    this.lapSearches += searches;
    this.busyMs += Math.min(1, share) * forMs * this.running;
    if (share > SLOW_SHARE) this.slow += searches;
  }

  lap(): { busyMs: number; searches: number } {
    const lap = { busyMs: this.busyMs, searches: this.lapSearches };
    [this.busyMs, this.lapSearches] = [0, 0];
    return lap;
  }
}
