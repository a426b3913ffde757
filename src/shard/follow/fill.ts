import { feedPages } from '../../store/feed-pages.js';
import type { FeedEntry, FeedPage, StoreReader } from '../../store/store.js';
import type { Readiness } from './readiness.js';
import type { PageLimits } from './rebuild.js';

interface Walk {
  pages: AsyncGenerator<FeedPage, void>;
  /** Complete when it is over, by `replicaKey`. */
  keys: readonly string[];
}

/** How many times as long as a page took the machine is left alone: while others answer for it, searches come first. */
const REST_FACTOR = 3;
const MAX_REST_MS = 250;

/**
 * Makes partitions complete that came to a node which follows their tenant already: walks over the whole
 * feed as it is when the walk begins; what is written since is met by following. It takes one page at a
 * time, so that following, and whatever is complete, goes on in between.
 */
export class Fill {
  private walk: Walk | undefined;
  /** Monotonic; the next page is not taken before. */
  private dueAtMs = -Infinity;

  constructor(
    private readonly store: StoreReader,
    private readonly tenant: string,
    private readonly readiness: Readiness,
    private readonly limits: PageLimits,
  ) {}

  get isNeeded(): boolean {
    return !this.readiness.isWhole;
  }

  /** What is walked for may have gone, and come back, meanwhile: then all of it is walked for anew. */
  placementChanged(): void {
    const { here } = this.readiness;
    if (this.walk?.keys.every((key) => here.has(key)) === false) this.walk = undefined;
  }

  /** For how long to wait before the next step; undefined: there is none. */
  get waitMs(): number | undefined {
    if (!this.isNeeded) return undefined;
    return this.readiness.isWaitedFor ? 0 : Math.max(0, this.dueAtMs - performance.now());
  }

  /** Has the next page applied; true where that completes something. */
  async step(apply: (entries: readonly FeedEntry[]) => Promise<void>): Promise<boolean> {
    const startedMs = performance.now();
    const isDone = await this.takePage(apply);
    const nowMs = performance.now();
    this.dueAtMs = nowMs + Math.min(MAX_REST_MS, REST_FACTOR * (nowMs - startedMs));
    return isDone;
  }

  private async takePage(
    apply: (entries: readonly FeedEntry[]) => Promise<void>,
  ): Promise<boolean> {
    const { pageEntries, pageBytes } = this.limits;
    this.walk ??= {
      pages: feedPages(this.store, this.tenant, undefined, pageEntries, pageBytes),
      keys: this.readiness.missing(),
    };
    const { walk } = this;
    const next = await walk.pages.next();
    if (next.done !== true) {
      await apply(next.value.entries);
      return false;
    }
    if (this.walk !== walk) return false;
    this.walk = undefined;
    this.readiness.complete(walk.keys);
    return true;
  }
}
