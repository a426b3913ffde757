import { groupOf } from '../store/partition-map.js';
import type { PartitionRef, StoreReader, TenantPlacement, WriteMark } from '../store/store.js';

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

export interface UntilSearchableOptions {
  /** A node that was silent for so long reads what was written before it answers anybody again. */
  fencedAfterMs: number;
}

const LOOK_AGAIN_MS = 200;

/**
 * Waits until all that anybody may be answered by has applied a write. The placement is read after the write,
 * so a node that comes to serve later has read the write by then. A node that is dead is not waited for where
 * others serve all that it has.
 */
export class UntilSearchable {
  constructor(
    private readonly store: Pick<StoreReader, 'placement'>,
    private readonly nodes: AwaitedNodes,
    private readonly options: UntilSearchableOptions,
  ) {}

  /** Names of the nodes that lack something up to `mark` when the time is over. */
  async awaitApplied(
    tenant: string,
    mark: WriteMark,
    timeoutMs: number,
    signal?: AbortSignal,
    generation?: number,
  ): Promise<string[]> {
    const placement = await this.store.placement(tenant);
    const awaited = { tenant, mark, ...(generation === undefined ? {} : { generation }) };
    const pending = new Set(servingNodes(placement));
    const stop = new AbortController();
    const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    const waits = Array.from(pending, async (node) => {
      if (await this.nodes.awaitApplied(node, awaited, timeoutMs, signals)) pending.delete(node);
    });
    const timer = setInterval(() => {
      if (this.mayGoWithout(placement, pending)) stop.abort();
    }, LOOK_AGAIN_MS);
    try {
      await Promise.all(waits);
    } finally {
      clearInterval(timer);
    }
    return this.mayGoWithout(placement, pending) ? [] : [...pending];
  }

  /** Whether each of `pending` is dead, and what it has is served by others, which have applied it. */
  private mayGoWithout({ partitions }: TenantPlacement, pending: ReadonlySet<string>): boolean {
    const { fencedAfterMs } = this.options;
    const areDead = [...pending].every((node) => this.nodes.silentMs(node) > fencedAfterMs);
    return (
      areDead && partitions.every((each) => groupOf(each).asked.some((node) => !pending.has(node)))
    );
  }
}

/** Each node that may be asked for anything of the tenant. */
function servingNodes({ partitions }: TenantPlacement): Set<string> {
  return new Set(partitions.flatMap((each) => groupOf(each).asked));
}
