import { planOf, type Plan } from '../../src/cluster/plan.js';
import { MovesOff } from '../../src/placement/move-off.js';
import { allPlaced } from '../../src/placement/reassign.js';
import type { MemoryPlacements } from './memory-placements.js';
import { clusterNode, type NodeSite } from './place-tenants.js';

/** What the cluster would build elsewhere when some nodes are gone for good. */
export async function planLoss(
  store: MemoryPlacements,
  sites: readonly NodeSite[],
  isLost: (site: NodeSite) => boolean,
): Promise<Plan> {
  const zones = new Map(sites.map(({ node, zone }) => [node, zone]));
  const nodes = sites.map(clusterNode);
  const off = new MovesOff({
    from: new Set(sites.filter(isLost).map(({ node }) => node)),
    to: nodes,
    domainOf: (node) => zones.get(node) ?? node,
    ...{ mayShrink: false, withPinned: true },
  });
  for await (const each of allPlaced(store)) off.add(each);
  return planOf(off.moves(), nodes);
}
