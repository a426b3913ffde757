import { boundedCache } from '../core/bounded-cache.js';
import { Deadline } from '../core/deadline.js';
import { groupOf } from '../store/partition-map.js';
import type { Partition, PartitionRef, StoreReader, WriteMark } from '../store/store.js';
import { PLACEMENT_AGE_MS } from './placement-cache.js';
import { withLate } from './replica-steps.js';

/** What a node is to have applied. */
interface Awaited {
  tenant: string;
  mark: WriteMark;
  /** Of the text settings: only the index of this generation counts. Absent: all that can be searched. */
  generation?: number;
  /** These have to be complete there as well. */
  partitions?: readonly PartitionRef[];
}

/** The nodes, as far as who waits for them needs them. */
export interface AwaitedNodes {
  /** Whether the node has applied what is awaited, by `timeoutMs`, to all that it serves of the tenant. */
  awaitApplied(
    node: string,
    awaited: Awaited,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** For how long there is no sign of life of the node. */
  silentMs(node: string): number;
}

/** Compare-and-set of a tenant's partitions, as `Mover.change`. */
type ChangePlacement = (
  tenant: string,
  to: (partitions: readonly Partition[], nextCounter: number) => readonly Partition[],
) => Promise<readonly Partition[]>;

export interface UntilSearchableDeps {
  store: Pick<StoreReader, 'placement'>;
  nodes: AwaitedNodes;
  change: ChangePlacement;
  /** A node that was silent for so long is not waited for where others do. */
  deadAfterMs: number;
}

const LOOK_AGAIN_MS = 200;
/** From then on all query nodes know a change of a placement. */
const KNOWN_TO_ALL_MS = PLACEMENT_AGE_MS + 200;
/** Tenants remembered of which a node is late; of another it is waited for once more. */
const MAX_TENANTS = 10_000;

/**
 * Waits until all that anybody may be answered by has applied a write. The placement is read after the write,
 * so a node that comes to serve later has read the write by then. A node that is dead is not waited for where
 * others serve all that it has: the placement says first that it is not to be asked, and it is known to all who ask
 * before the write is called searchable. That a node is dead is one observer's view; a node that lives, and cannot be
 * reached from here alone, serves again once it has caught up.
 */
export class UntilSearchable {
  /** Since when it is known here which nodes of a tenant are late. */
  private readonly late = boundedCache<{ since: number; seenMs: number }>({
    max: MAX_TENANTS,
  });

  constructor(private readonly deps: UntilSearchableDeps) {}

  /** Names of the nodes that lack something up to `mark` when the time is over. */
  async awaitApplied(
    tenant: string,
    mark: WriteMark,
    timeoutMs: number,
    signal?: AbortSignal,
    generation?: number,
  ): Promise<string[]> {
    const endMs = performance.now() + timeoutMs;
    const { partitions } = await this.deps.store.placement(tenant);
    const awaited = { tenant, mark, ...(generation === undefined ? {} : { generation }) };
    const lagging = await this.lagging(partitions, awaited, timeoutMs, signal);
    const isOver = lagging.size > 0 && !this.mayGoWithout(partitions, lagging);
    if (isOver || signal?.aborted === true) return [...lagging];
    const left = lagging.size === 0 ? partitions : await this.goWithout(tenant, lagging, endMs);
    if (left === undefined) return [...lagging];
    const awaitedNow = awaitedNodes(left);
    const still = [...lagging].filter((node) => awaitedNow.has(node));
    if (still.length > 0) return still;
    return (await this.isKnown(tenant, left, endMs, signal)) ? [] : lateNodes(left);
  }

  /** Nodes that have not applied it when the time is over, or when all of them can be gone without. */
  private async lagging(
    partitions: readonly Partition[],
    awaited: Awaited,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlySet<string>> {
    const pending = awaitedNodes(partitions);
    const stop = new AbortController();
    const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    const waits = Array.from(pending, async (node) => {
      if (await this.deps.nodes.awaitApplied(node, awaited, timeoutMs, signals))
        pending.delete(node);
    });
    const timer = setInterval(() => {
      if (this.mayGoWithout(partitions, pending)) stop.abort();
    }, LOOK_AGAIN_MS);
    try {
      await Promise.all(waits);
    } finally {
      clearInterval(timer);
    }
    return pending;
  }

  /** Whether each of `pending` is dead, and what it has is served by others, which have applied it. */
  private mayGoWithout(partitions: readonly Partition[], pending: ReadonlySet<string>): boolean {
    const { nodes, deadAfterMs } = this.deps;
    const areDead = [...pending].every((node) => nodes.silentMs(node) > deadAfterMs);
    return (
      areDead && partitions.every((each) => groupOf(each).asked.some((node) => !pending.has(node)))
    );
  }

  /** Undefined where the placement cannot be changed in time: what is written is durable, whatever comes of that. */
  private async goWithout(
    tenant: string,
    dead: ReadonlySet<string>,
    endMs: number,
  ): Promise<readonly Partition[] | undefined> {
    const changing = this.deps.change(tenant, (partitions, counter) =>
      withLate(partitions, dead, counter),
    );
    const deadline = Deadline.after(Math.max(0, endMs - performance.now()));
    return deadline.race(changing, 'changing the placement').catch(() => undefined);
  }

  /** Resolves true once nobody asks a node any more that is late; false when the time is over first. */
  private async isKnown(
    tenant: string,
    partitions: readonly Partition[],
    endMs: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const since = lateSince(partitions);
    if (since === undefined) return true;
    let seen = this.late.get(tenant);
    if (seen?.since !== since) {
      seen = { since, seenMs: performance.now() };
      this.late.set(tenant, seen);
    }
    const knownMs = seen.seenMs + KNOWN_TO_ALL_MS;
    const waitMs = Math.max(0, Math.min(knownMs, endMs) - performance.now());
    if (waitMs > 0) await pause(waitMs, signal);
    // A timer may fire a moment early.
    return knownMs <= endMs && signal?.aborted !== true;
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
}

/** Each node that may be asked for anything of the tenant, by whatever placement is known. */
function awaitedNodes(partitions: readonly Partition[]): Set<string> {
  return new Set(partitions.flatMap((each) => groupOf(each).awaited));
}

/** The latest counter by which a node of any of them became late. */
function lateSince(partitions: readonly Partition[]): number | undefined {
  let latest: number | undefined;
  for (const { replicas } of partitions) {
    for (const { lateSince: since } of replicas) {
      if (since !== undefined) latest = Math.max(latest ?? since, since);
    }
  }
  return latest;
}

function lateNodes(partitions: readonly Partition[]): string[] {
  const late = partitions.flatMap(({ replicas }) =>
    replicas.flatMap(({ node, lateSince: since }) => (since === undefined ? [] : [node])),
  );
  return [...new Set(late)];
}
