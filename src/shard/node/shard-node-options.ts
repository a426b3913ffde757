import type { SegmentOptions } from '../build/write-segment.js';
import type { ReconcileOptions } from '../follow/reconcile-schedule.js';
import type { MergeOptions } from '../index/merge-policy.js';
import type { PeerOptions } from '../peer/peer-copies.js';
import type { RecallOptions } from '../recall/recall-watcher.js';
import type { TierOptions } from '../tiers/tier-watch.js';
import type { HostingOptions } from './hosted-tenants.js';

export interface ShardNodeOptions {
  /** This shard's name in the placement. */
  shard: string;
  /** What fails together with this node. */
  zone?: string | undefined;
  /** What it can hold. */
  capacityBytes?: number | undefined;
  /** Folder of this shard's segments; may be deleted at any time it is stopped. */
  dataDir: string;
  model: string;
  dimensions: number;
  segment: Omit<SegmentOptions, 'dimensions'>;
  merge: MergeOptions;
  hosting: HostingOptions;
  /** Has rows be mapped that their tenant's rule calls warm; absent: none is. */
  tiers?: Omit<TierOptions, 'maxSegmentRows'> | undefined;
  /** Repeats some searches exactly, to know recall; absent: none. */
  recall?: RecallOptions | undefined;
  /** Compares what is held with the store from time to time; absent: never. */
  reconcile?: ReconcileOptions | undefined;
  /** Builds what is missing from other shards' files, and lets them have its own; absent: all is read from the store. */
  peers?: PeerOptions | undefined;
  /** The built `build-worker.js`. */
  buildWorkerFile: URL;
}
