import { Deadline } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';

/** A tenant is told of so often at most. */
const PAUSE_MS = 1_000;
const DEADLINE_MS = 2_000;
/** What nodes keep for searches is made anew by then, and shards have applied a write, if they do at all. */
const SETTLED_MS = 2_000;
/** A shard that lags for longer is not waited for. */
const PATIENCE_MS = 60_000;
/** How soon what is due is seen. */
const TICK_MS = 100;
const MAX_TENANTS = 10_000;
const MAX_CALLS = 16;

interface Waiting {
  changedMs: number;
  calledMs: number;
  /** Changed since the last call began. */
  isNews: boolean;
  isCalling: boolean;
}

interface Deps {
  /** `{tenant}` in it stands for the tenant's name. */
  url: string;
  /** Names that the tenant is asked for by besides its own. */
  aliasesOf: (tenant: string) => Promise<string[]>;
  /** Whether a shard is known not to have applied all writes. */
  isBehind: () => boolean;
  logger: Logger;
  /** For tests. */
  send?: (url: string, signal: AbortSignal) => Promise<number>;
}

/**
 * Tells an edge that answers of a tenant are no longer true (`PURGE_URL`): at once when it changes, every
 * second while it goes on changing, and once more when that has settled, since an answer that was made
 * before it reached the shards may have been kept meanwhile. What goes wrong is logged, and not tried again.
 *
 * ```
 *   changed ──at once, then a second apart──> called ──no news for 2 s, no shard behind──> called, forgotten
 *      ▲                                        │
 *      └────────────────── news ────────────────┘
 * ```
 */
export class EdgePurge {
  /** In the order of their calls. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly calls = new Map<AbortController, Promise<void>>();
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;
  private isOverflowing = false;

  constructor(private readonly deps: Deps) {}

  /** Costs the caller next to nothing, and never throws. */
  changed(tenant: string): void {
    if (this.isClosed) return;
    const changedMs = performance.now();
    const known = this.waiting.get(tenant);
    if (known !== undefined) {
      Object.assign(known, { changedMs, isNews: true });
      return;
    }
    if (this.waiting.size >= MAX_TENANTS) {
      this.overflow();
      return;
    }
    const entry = { changedMs, calledMs: -Infinity, isNews: true, isCalling: false };
    this.waiting.set(tenant, entry);
    this.tickIn(0);
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.waiting.clear();
    for (const call of this.calls.keys()) call.abort();
    await Promise.all(this.calls.values());
  }

  private tickIn(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tick(), delayMs).unref();
  }

  private tick(): void {
    const nowMs = performance.now();
    for (const [tenant, entry] of this.waiting) {
      if (this.calls.size >= MAX_CALLS) break;
      if (this.isDue(entry, nowMs)) this.begin(tenant, entry);
    }
    if (this.waiting.size > 0) this.tickIn(TICK_MS);
    else this.isOverflowing = false;
  }

  private isDue({ changedMs, calledMs, isNews, isCalling }: Waiting, nowMs: number): boolean {
    if (isCalling || nowMs - calledMs < PAUSE_MS) return false;
    const quietMs = nowMs - changedMs;
    return isNews || quietMs >= PATIENCE_MS || (quietMs >= SETTLED_MS && !this.deps.isBehind());
  }

  private begin(tenant: string, entry: Waiting): void {
    const isLast = !entry.isNews;
    Object.assign(entry, { calledMs: performance.now(), isNews: false, isCalling: true });
    // Others first, the next time.
    this.waiting.delete(tenant);
    this.waiting.set(tenant, entry);
    const call = new AbortController();
    const done = this.tell(tenant, call).finally(() => {
      this.calls.delete(call);
      entry.isCalling = false;
      if (isLast && !entry.isNews) this.waiting.delete(tenant);
    });
    this.calls.set(call, done);
  }

  private async tell(tenant: string, call: AbortController): Promise<void> {
    const { url, logger, send = purge } = this.deps;
    const limit = setTimeout(() => call.abort(new Error('no answer in time')), DEADLINE_MS);
    try {
      for (const name of await this.namesOf(tenant)) {
        const status = await send(url.replaceAll('{tenant}', name), call.signal);
        if (status >= 300) logger.warn({ tenant: name, status }, 'the edge did not purge');
      }
    } catch (err) {
      if (!this.isClosed) logger.warn({ err, tenant }, 'the edge was not told');
    } finally {
      clearTimeout(limit);
    }
  }

  private async namesOf(tenant: string): Promise<string[]> {
    const { url, aliasesOf } = this.deps;
    if (!url.includes('{tenant}')) return [tenant];
    const aliases = aliasesOf(tenant);
    return [tenant, ...(await Deadline.after(DEADLINE_MS).race(aliases, 'reading aliases'))];
  }

  /** Said once until there is room again. */
  private overflow(): void {
    if (!this.isOverflowing)
      this.deps.logger.warn({ max: MAX_TENANTS }, 'too many tenants changed');
    this.isOverflowing = true;
  }
}

async function purge(url: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { method: 'PURGE', redirect: 'manual', signal });
  await response.body?.cancel();
  return response.status;
}
