import { nodeSets, type PlaceableNode } from './node-sets.js';

/** A node, and whose alone it is. */
export interface OwnedNode extends PlaceableNode {
  /** A tenant; undefined: it is there for all that have no nodes of their own. */
  owner?: string | undefined;
}

/** Nodes among which some tenants' partitions are placed. */
export interface Pool {
  nodes: readonly PlaceableNode[];
  /** Those of them on which partitions are placed as wholes, see `nodeSets`. */
  sets: readonly (readonly string[])[];
}

/**
 * The nodes on which a tenant's partitions may lie: those that are its own alone, without such those that are
 * nobody's. A dedicated server is this rule, and nothing else. Where no node is left that is nobody's, all
 * serve all, since nobody is to be without a place.
 */
export class NodePools {
  private readonly own = new Map<string, Pool>();
  private readonly shared: Pool;

  constructor(nodes: readonly OwnedNode[], replicas: number) {
    const byOwner = new Map<string | undefined, OwnedNode[]>();
    for (const each of nodes) {
      const held = byOwner.get(each.owner);
      if (held === undefined) byOwner.set(each.owner, [each]);
      else held.push(each);
    }
    const pool = (of: readonly OwnedNode[]): Pool => ({ nodes: of, sets: nodeSets(of, replicas) });
    for (const [owner, of] of byOwner) if (owner !== undefined) this.own.set(owner, pool(of));
    this.shared = pool(byOwner.get(undefined) ?? nodes);
  }

  /** The same object for all tenants that share nodes. */
  of(tenant: string): Pool {
    return this.own.get(tenant) ?? this.shared;
  }
}
