import type { CostModel } from '../leaf/cost-model.js';
import type { SampledSearches } from '../recall/sampled-searches.js';
import type { PinnedSearchers } from './pinned-searchers.js';

/** What a search of a tenant needs of its shard. */
export interface SearchTools {
  /** Fingerprint of the vectors that are served. */
  model: string;
  dimensions: number;
  costs: CostModel;
  samples: SampledSearches;
  pins: PinnedSearchers;
}
