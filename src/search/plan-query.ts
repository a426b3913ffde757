import { categoriesOf } from '../filter/analyse.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import { planTargets, type ShardTarget } from '../placement/plan.js';
import type { SearchRequest } from './search-types.js';

/** The shards to ask and the partitions to ask each for. */
export async function planQuery(
  placements: PlacementCache,
  request: SearchRequest,
): Promise<ShardTarget[]> {
  const placement = await placements.get(request.tenant);
  return planTargets(placement, categoriesOf(request.filter));
}
