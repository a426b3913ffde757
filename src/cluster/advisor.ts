import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Placed } from '../placement/move-off.js';
import { allPlaced } from '../placement/reassign.js';
import { ReliefNodes, type NodeSample } from '../placement/relief-nodes.js';
import { reliefs, type Relief } from '../placement/relief.js';
import type { Store } from '../store/store.js';
import type { ClusterNode, ClusterNodes } from './cluster-nodes.js';
import { planOf, type Plan } from './plan.js';

/** Nodes that are too full or too busy at once of which more is said than that. */
const MAX_ADVICE = 16;

interface Deps {
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>;
  nodes: Pick<ClusterNodes, 'all'>;
  /** Of a tenant. */
  maxPartitions: number;
}

/** What would relieve a node, and what that costs. */
export interface Advice {
  relief: Relief;
  plan: Plan;
}

/** Says what would relieve nodes that are too full or too busy. While none is, no placement is read. */
export class Advisor {
  constructor(private readonly deps: Deps) {}

  /** The hottest node's first. */
  async all(): Promise<Advice[]> {
    const found: Advice[] = [];
    for await (const advice of this.each()) {
      if (found.push(advice) >= MAX_ADVICE) break;
    }
    return found;
  }

  /** The first thing that can be done at once, or where there is none what is said first; undefined: no node is hot. */
  async next(): Promise<Relief | undefined> {
    let first: Relief | undefined;
    for await (const { relief } of this.each()) {
      if (relief.kind === 'move' || relief.kind === 'split') return relief;
      first ??= relief;
    }
    return first;
  }

  private async *each(): AsyncGenerator<Advice> {
    const { store, maxPartitions } = this.deps;
    const all = await this.deps.nodes.all();
    const nodes = all.map(sampleOf);
    if (new ReliefNodes(nodes, []).hot().length === 0) return;
    const placed: Placed[] = [];
    for await (const each of allPlaced(store)) placed.push(each);
    for (const relief of reliefs({ nodes, placed, maxPartitions })) {
      yield { relief, plan: planOf(relief.kind === 'move' ? [relief.move] : [], all) };
      // Each looks at all that lies on a node.
      await nextTurn();
    }
  }
}

/** One that is not ready has not read all of what it holds: what it says of that is too little. */
function sampleOf(each: ClusterNode): NodeSample {
  const { node, domain, owner, rows, liveBytes: bytes, capacityBytes, load } = each;
  const isOpen = each.isAlive && each.isReady && !each.isDrained;
  return { node, domain, owner, isOpen, rows, bytes, capacityBytes, load };
}
