import { MovesOff } from '../placement/move-off.js';
import { allPlaced, type Move } from '../placement/reassign.js';
import type { Store } from '../store/store.js';
import type { ClusterNode } from './cluster-nodes.js';

/**
 * What lies on nodes that are another tenant's alone, and where it goes: of a tenant with nodes of its own straight to
 * these, whatever they still hold themselves, so that no two tenants ever wait for each other; of all others to nodes that are
 * nobody's. What is pinned stays, and nobody waits for it to leave.
 */
export class Strangers {
  private readonly owners: ReadonlyMap<string, string | undefined>;
  private readonly withNodes: ReadonlySet<string | undefined>;
  /** Of each tenant that has nodes; undefined: of all others. */
  private readonly off = new Map<string | undefined, MovesOff>();
  private readonly leaving = new Set<string>();
  /** Tenants by the node on which something of them is pinned. */
  private readonly pinned = new Map<string, Set<string>>();

  /** @param mixed nodes with an owner that hold something of others, of all `nodes` */
  constructor(
    mixed: readonly ClusterNode[],
    private readonly nodes: readonly ClusterNode[],
    private readonly replicas: number,
  ) {
    this.owners = new Map(mixed.map(({ node, owner }) => [node, owner]));
    this.withNodes = new Set(nodes.map(({ owner }) => owner));
  }

  /** Goes through all that is placed. */
  async look(store: Pick<Store, 'tenants' | 'placement' | 'categories'>): Promise<void> {
    for await (const each of allPlaced(store)) {
      const { tenant, partition } = each;
      this.offOf(this.withNodes.has(tenant) ? tenant : undefined).add(each);
      for (const { node, state } of partition.replicas) {
        const owner = this.owners.get(node);
        if (owner === undefined || owner === tenant) continue;
        if (partition.isPinned !== true || state === 'leaving') this.leaving.add(node);
        else this.pinned.set(node, (this.pinned.get(node) ?? new Set()).add(tenant));
      }
    }
  }

  moves(): Move[] {
    return [...this.off.values()].flatMap((off) => off.moves());
  }

  /** Whether anything is on its way off some node, or has to be. */
  get areLeaving(): boolean {
    return this.leaving.size > 0;
  }

  /** Whether a node that says that it holds something of `count` others will hold less of them. */
  willLeave(node: string, count: number): boolean {
    return this.leaving.has(node) || count > (this.pinned.get(node)?.size ?? 0);
  }

  private offOf(tenant: string | undefined): MovesOff {
    let off = this.off.get(tenant);
    if (off === undefined) {
      const domains = new Map(this.nodes.map(({ node, domain }) => [node, domain]));
      const others = [...this.owners].filter(([, owner]) => owner !== tenant);
      off = new MovesOff({
        from: new Set(others.map(([node]) => node)),
        to: this.takersOf(tenant),
        domainOf: (node) => domains.get(node) ?? node,
        ...{ mayShrink: false, withPinned: false },
      });
      this.off.set(tenant, off);
    }
    return off;
  }

  /** Its own nodes; where too few of them live, or it has none, those that are nobody's. */
  private takersOf(tenant: string | undefined): ClusterNode[] {
    const takers = this.nodes.filter(({ isAlive, isDrained }) => isAlive && !isDrained);
    const own = takers.filter(({ owner }) => owner === tenant);
    if (own.length >= this.replicas) return own;
    return takers.filter(({ owner }) => owner === undefined);
  }
}
