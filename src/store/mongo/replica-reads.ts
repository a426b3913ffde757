import { ReadPreference, type FindOptions } from 'mongodb';
import type { ReplicaLagOf, StoreReplicas } from '../store-replicas.js';
import type { ProductRecord } from './collections.js';
import { ASK_EVERY_MS, type LagWatch } from './lag-watch.js';
import type { ReadTags } from './read-tags.js';

const BEATS_PER_BOUND = 4;
const MAX_BEAT_MS = 10_000;

/**
 * Reading joins from secondaries, those with the URL's tags where it names some, while all of them are within the bound; the driver may choose any. A document that is
 * older than the version its reader knows of is read again from the primary. What remains is stale by at most the bound:
 * a deleted product, or an older price, that the index has not seen changed either. Without a bound nothing is measured.
 */
export class ReplicaReads implements StoreReplicas {
  maxLagMs: number | undefined;
  private readonly fromSecondaries: FindOptions;
  private watch: LagWatch | undefined;
  /** Resolves once no former watch is open. */
  private closing: Promise<void> = Promise.resolve();

  /** @param tags of those that are read */
  constructor(
    private readonly open: (beatMs: number) => LagWatch,
    tags: ReadTags = [],
  ) {
    const named = tags.length === 0 ? undefined : [...tags];
    this.fromSecondaries = { readPreference: new ReadPreference('secondaryPreferred', named) };
  }

  follow(maxLagMs: number | undefined): void {
    if (maxLagMs === this.maxLagMs) return;
    this.maxLagMs = maxLagMs;
    const before = this.watch;
    this.closing = this.closing.then(() => before?.close());
    this.watch = maxLagMs === undefined ? undefined : this.open(beatMsOf(maxLagMs));
    this.watch?.start();
  }

  /** Of a read that may be stale; undefined: the primary's. */
  get options(): FindOptions | undefined {
    const { maxLagMs, watch } = this;
    if (maxLagMs === undefined) return undefined;
    const behindMs = watch?.lag.behindMs(performance.now()) ?? Infinity;
    return behindMs <= maxLagMs ? this.fromSecondaries : undefined;
  }

  get lags(): ReplicaLagOf[] {
    return this.watch?.lag.lags ?? [];
  }

  /** The bound, and how far each secondary is behind. */
  get detail(): string | undefined {
    return this.maxLagMs === undefined ? undefined : describeLag(this.lags, this.maxLagMs);
  }

  async close(): Promise<void> {
    this.follow(undefined);
    await this.closing;
  }
}

/** Rare, and often enough that a pause between writes alone never looks like a lag past the bound. */
function beatMsOf(maxLagMs: number): number {
  return Math.min(MAX_BEAT_MS, Math.max(ASK_EVERY_MS, maxLagMs / BEATS_PER_BOUND));
}

/** Which of `ids` must be read again: what the replica has is older than what is known of. */
export function outdated(
  ids: readonly string[],
  atLeast: readonly number[],
  found: ReadonlyMap<string, Pick<ProductRecord, 'version'>>,
): string[] {
  return ids.filter((id, i) => (found.get(id)?.version ?? 0) < (atLeast[i] ?? Infinity));
}

export function describeLag(lags: readonly ReplicaLagOf[], maxLagMs: number): string {
  const each = lags.map(({ server, lagMs }) => {
    const past = lagMs > maxLagMs ? ', so the primary is read' : '';
    return `${server} is ${lagMs} ms behind${past}`;
  });
  const bound = `joins may be stale by ${maxLagMs} ms`;
  return [bound, ...(each.length > 0 ? each : ['no secondary is known'])].join('; ');
}
