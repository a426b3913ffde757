import type { CostModel } from '../leaf/cost-model.js';
import type { RecallWatcher } from '../recall/recall-watcher.js';
import type { PinnedSearchers } from './pinned-searchers.js';

/** What a search of a tenant needs of its shard. */
export interface SearchTools {
  /** Fingerprint of the vectors that are served. */
  model: string;
  dimensions: number;
  costs: CostModel;
  watcher: RecallWatcher | undefined;
  pins: PinnedSearchers;
}
