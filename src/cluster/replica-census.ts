import { groupOf } from '../store/partition-map.js';
import type { ChangedTenants, Position, Store, TenantPlacement } from '../store/store.js';

/** How old it may be: nobody acts on it faster. */
const MAX_AGE_MS = 10_000;
const AT_ONCE = 20;

/** Partitions of a tenant that may be asked of the same nodes. */
interface Held {
  nodes: readonly string[];
  partitions: number;
  /** All that no partition names count as one. */
  categories: number;
}

export interface CensusFigures {
  /** Replicas of partitions that there should be, and that no node that answers serves. */
  replicasMissing: number;
  /** Categories, over all tenants, of which no node that answers has a part. */
  categoriesUnavailable: number;
}

interface Deps {
  store: Pick<Store, 'changedTenants' | 'placement'>;
  /** Of each partition, as far as there are so many nodes. */
  replicas: number;
  /** Monotonic; injectable for virtual clocks. */
  now?: () => number;
}

/**
 * What of the cluster no node serves: placements by the nodes that they name, which is little, however many partitions
 * there are. Read in the background, and what has changed alone; nothing while nobody asks.
 */
export class ReplicaCensus {
  private readonly held = new Map<string, readonly Held[]>();
  private position: Position | undefined;
  private readAtMs = -Infinity;
  private isComplete = false;
  private reading: Promise<void> | undefined;
  private readonly now: () => number;

  constructor(private readonly deps: Deps) {
    this.now = deps.now ?? (() => performance.now());
  }

  /** Begins to bring it up to date where it is old; resolves when it is. Never rejects. */
  refresh(): Promise<void> {
    if (this.now() - this.readAtMs < MAX_AGE_MS) return Promise.resolve();
    this.reading ??= this.read()
      .catch(() => undefined)
      .finally(() => {
        this.readAtMs = this.now();
        this.reading = undefined;
      });
    return this.reading;
  }

  /** By the nodes that answer, of all there are; undefined before all was read once. */
  figures(answering: ReadonlySet<string>, nodes: number): CensusFigures | undefined {
    if (!this.isComplete) return undefined;
    const wanted = Math.min(this.deps.replicas, nodes);
    let [replicasMissing, categoriesUnavailable] = [0, 0];
    for (const groups of this.held.values()) {
      for (const { nodes: holders, partitions, categories } of groups) {
        const live = holders.filter((node) => answering.has(node)).length;
        replicasMissing += partitions * Math.max(0, wanted - live);
        if (live === 0) categoriesUnavailable += categories;
      }
    }
    return { replicasMissing, categoriesUnavailable };
  }

  private async read(): Promise<void> {
    const { store } = this.deps;
    for (;;) {
      const changed: ChangedTenants = await store.changedTenants(this.position, AT_ONCE);
      for (const tenant of changed.tenants) {
        const held = heldOf(await store.placement(tenant));
        if (held.length === 0) this.held.delete(tenant);
        else this.held.set(tenant, held);
      }
      this.position = changed.position;
      if (changed.atEnd) break;
      await new Promise(setImmediate);
    }
    this.isComplete = true;
  }
}

function heldOf({ partitions }: TenantPlacement): Held[] {
  const groups = new Map<string, Held>();
  for (const partition of partitions) {
    const { key, asked } = groupOf(partition);
    const group = groups.get(key) ?? { nodes: asked, partitions: 0, categories: 0 };
    group.partitions += 1;
    group.categories += partition.categories === 'rest' ? 1 : partition.categories.length;
    groups.set(key, group);
  }
  return [...groups.values()];
}
