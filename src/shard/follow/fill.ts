import { feedPages } from '../../store/feed-pages.js';
import type { FeedEntry, FeedPage, Position, StoreReader } from '../../store/store.js';
import type { SegmentKeeper } from '../index/segment-keeper.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { IncomingRows } from '../peer/incoming-rows.js';
import type { CopyWish } from '../peer/peer-copies.js';
import type { Readiness } from './readiness.js';
import type { PageLimits } from './rebuild.js';

/** Has what a peer has sealed copied; undefined: it is read from the store. Never rejects. */
export type CopyRows = (wish: CopyWish, signal: AbortSignal) => Promise<IncomingRows | undefined>;

interface FillDeps {
  store: StoreReader;
  index: TenantIndex;
  keeper: SegmentKeeper;
  readiness: Readiness;
  /** Undefined: peers are not asked. */
  copyRows: CopyRows | undefined;
}

/** While a peer's files are copied. */
interface Copying {
  keys: readonly string[];
  isFirst: boolean;
  ending: AbortController;
  done: Promise<void>;
  /** Once it is done. */
  result?: { incoming: IncomingRows | undefined };
}

interface Walk {
  /** Where it begins; undefined: at the feed's start. */
  after: Position | undefined;
  /** Undefined: to be begun, or begun again. */
  pages?: AsyncGenerator<FeedPage, void> | undefined;
  /** Complete when it is over, by `replicaKey`. */
  keys: readonly string[];
  /** What was copied, as of `after`. */
  incoming: IncomingRows | undefined;
}

/** How many times as long as a page took the machine is left alone: while others answer for it, searches come first. */
const REST_FACTOR = 3;
const MAX_REST_MS = 250;

/**
 * Makes partitions complete that came to a node which follows their tenant already: copies what a peer has
 * sealed of them and walks over the feed from there, or over all of it, as it is when the walk begins; what is
 * written since is met by following. It takes one page at a time, so that following, and whatever is complete,
 * goes on in between.
 *
 *   missing ──a peer has it──> copying ──> walk from its position ──end──> taken in, complete
 *      └─ none has, or it failed ────────> walk from the start ─────end──> complete
 */
export class Fill {
  private copying: Copying | undefined;
  private walk: Walk | undefined;
  /** Monotonic; the next page is not taken before. */
  private dueAtMs = -Infinity;
  private closed = false;

  /** @param onCopied there is something to do again */
  constructor(
    private readonly deps: FillDeps,
    private readonly limits: PageLimits,
    private readonly onCopied: () => void,
  ) {}

  /** Peers may be asked before anything is read. */
  get asksPeers(): boolean {
    return this.deps.copyRows !== undefined;
  }

  get isNeeded(): boolean {
    return !this.deps.readiness.isWhole;
  }

  /** What is walked for may have gone, and come back, meanwhile: then all of it is walked for anew. */
  placementChanged(): void {
    const { copying } = this;
    if (copying !== undefined && !this.isWorthIt(copying)) callOff(copying);
    if (this.walk === undefined || this.areHere(this.walk.keys)) return;
    const { incoming } = this.walk;
    this.walk = undefined;
    incoming?.discard().catch(() => undefined);
  }

  /** For how long to wait before the next step; undefined: there is none, or it comes with `onCopied`. */
  get waitMs(): number | undefined {
    const isCopying = this.copying !== undefined && this.copying.result === undefined;
    if (!this.isNeeded || isCopying) return undefined;
    return this.deps.readiness.isWaitedFor ? 0 : Math.max(0, this.dueAtMs - performance.now());
  }

  /**
   * Before anything of the feed was read: takes in what a peer has of all that belongs here. Without one the
   * feed is read from its start, and whatever belongs here is met on the way. False while files are copied.
   */
  takeFirst(): boolean {
    const { copying } = this;
    const { readiness, keeper } = this.deps;
    const isDone = copying?.result !== undefined;
    if (!isDone && (copying ?? this.copy([...readiness.here], true)) !== undefined) return false;
    this.copying = undefined;
    const incoming = copying?.result?.incoming;
    if (incoming === undefined) {
      readiness.complete(readiness.here);
    } else {
      const { segments, position, keys } = incoming;
      keeper.takeIn(segments, { position, partitions: keys });
      readiness.complete(keys);
      incoming.taken();
    }
    return true;
  }

  /** Has the next page applied; true where that completes something. */
  async step(apply: (entries: readonly FeedEntry[]) => Promise<void>): Promise<boolean> {
    const startedMs = performance.now();
    const walk = this.walk ?? (await this.beginWalk());
    if (walk === undefined) return false;
    const isDone = await this.takePage(walk, apply);
    const nowMs = performance.now();
    this.dueAtMs = nowMs + Math.min(MAX_REST_MS, REST_FACTOR * (nowMs - startedMs));
    return isDone;
  }

  /** To be called with all that was applied to the index. */
  async applied(entries: readonly FeedEntry[]): Promise<void> {
    const { walk } = this;
    // All may have been compared with the store meanwhile.
    if (walk !== undefined && !this.isNeeded) await this.startOver(walk);
    await walk?.incoming?.apply(entries);
  }

  /** No copy goes on. */
  beginClose(): void {
    this.closed = true;
    this.copying?.ending.abort();
  }

  /** Leaves nothing of what was not taken in. No step may be under way. */
  async close(): Promise<void> {
    this.beginClose();
    const { copying, walk } = this;
    await copying?.done;
    await copying?.result?.incoming?.discard();
    await walk?.incoming?.discard();
  }

  /** Of what comes first, what is left will do. */
  private isWorthIt({ keys, isFirst }: Copying): boolean {
    return isFirst ? keys.some((key) => this.areHere([key])) : this.areHere(keys);
  }

  private areHere(keys: readonly string[]): boolean {
    return keys.every((key) => this.deps.readiness.here.has(key));
  }

  private copy(keys: readonly string[], isFirst: boolean): Copying | undefined {
    const { copyRows } = this.deps;
    if (copyRows === undefined || this.closed) return undefined;
    const ending = new AbortController();
    const done = copyRows({ keys, isFirst }, ending.signal).then(async (incoming) => {
      // What cannot be removed goes with the next build or start.
      if (ending.signal.aborted) await incoming?.discard().catch(() => undefined);
      copying.result = { incoming: ending.signal.aborted ? undefined : incoming };
      this.dueAtMs = -Infinity;
      this.onCopied();
    });
    const copying: Copying = { keys, isFirst, ending, done };
    this.copying = copying;
    return copying;
  }

  /** Undefined while files are being copied. */
  private async beginWalk(): Promise<Walk | undefined> {
    const { copying } = this;
    const { readiness } = this.deps;
    if (copying !== undefined && copying.result === undefined) return undefined;
    // What was called off is begun again, for what is missing by now.
    const isDone = copying?.ending.signal.aborted === false;
    if (!isDone && this.copy(readiness.missing(), false) !== undefined) return undefined;
    const incoming = copying?.result?.incoming;
    this.copying = undefined;
    if (incoming === undefined) {
      this.walk = { after: undefined, keys: readiness.missing(), incoming };
    } else {
      const { position: after, keys } = incoming;
      this.walk = { after, keys, incoming };
    }
    return this.walk;
  }

  private async takePage(
    walk: Walk,
    apply: (entries: readonly FeedEntry[]) => Promise<void>,
  ): Promise<boolean> {
    const { pageEntries, pageBytes } = this.limits;
    const { store, index } = this.deps;
    walk.pages ??= feedPages(store, index.tenant, walk.after, pageEntries, pageBytes);
    try {
      const next = await walk.pages.next();
      if (next.done === true) return await this.end(walk);
      if (next.value.expired) await this.startOver(walk);
      else await apply(next.value.entries);
      return false;
    } catch (error) {
      // What was not applied is walked for again.
      walk.pages = undefined;
      throw error;
    }
  }

  /** What was copied is older than the tombstones kept; the pages that follow are of the whole feed. */
  private async startOver(walk: Walk): Promise<void> {
    const { incoming } = walk;
    walk.after = undefined;
    walk.incoming = undefined;
    await incoming?.discard();
  }

  private async end(walk: Walk): Promise<boolean> {
    const { incoming, keys } = walk;
    const { index, keeper, readiness } = this.deps;
    await incoming?.partFrom(index);
    if (this.walk !== walk) return false;
    this.walk = undefined;
    if (incoming !== undefined) keeper.takeIn(incoming.segments);
    incoming?.taken();
    readiness.complete(keys);
    return true;
  }
}

function callOff({ ending, result }: Copying): void {
  ending.abort();
  const incoming = result?.incoming;
  if (result !== undefined) result.incoming = undefined;
  incoming?.discard().catch(() => undefined);
}
