import type { Logger } from '../../core/logger.js';
import type { StoreReader } from '../../store/store.js';
import { termsKey } from '../../text/term-settings.js';
import type { Builder } from '../build/builder.js';
import type { AppliedCount } from '../follow/behind.js';
import type { CopyRows } from '../follow/fill.js';
import { Follower } from '../follow/follower.js';
import type { ReconcileSchedule } from '../follow/reconcile-schedule.js';
import type { TenantGeneration } from '../index/sealed-files.js';
import { SegmentKeeper } from '../index/segment-keeper.js';
import { TenantIndex } from '../index/tenant-index.js';
import type { PeerCopies } from '../peer/peer-copies.js';
import { TierWatch } from '../tiers/tier-watch.js';
import type { OpenTenant } from './hosted-tenant.js';
import type { PinnedSearchers } from './pinned-searchers.js';
import type { ShardNodeOptions } from './shard-node-options.js';

/** What the tenants of a shard share. */
interface Shared {
  store: StoreReader;
  options: ShardNodeOptions;
  builder: Builder;
  copies: PeerCopies | undefined;
  schedule: ReconcileSchedule | undefined;
  pins: PinnedSearchers;
  applied: AppliedCount;
  logger: Logger;
}

/** A tenant's index in memory, which follows its feed from here on. */
export function openTenant(
  { store, options, builder, copies, schedule, pins, applied, logger: ofShard }: Shared,
  { tenant, settings }: TenantGeneration,
  folder: string,
): OpenTenant {
  const { shard, model, dimensions, segment, merge, tiers: asked } = options;
  const index = new TenantIndex(tenant, model, dimensions, settings);
  const logger = ofShard.child({ tenant });
  const terms = termsKey(settings);
  const tiers = asked && new TierWatch(store, index, { ...asked, ...merge });
  const keeperOptions = { folder, storeId: store.storeId, terms, segment, merge, tiers };
  const keeper = new SegmentKeeper(index, builder, keeperOptions, logger);
  const { generation } = settings;
  const copied = { tenant, generation, terms, model, folder, spared: keeper.spared };
  const copyRows: CopyRows | undefined =
    copies && ((wish, signal) => copies.copy(copied, wish, signal));
  const follower = new Follower(shard, store, index, keeper, logger, copyRows, applied);
  follower.start();
  schedule?.watch(follower, logger);
  const close = async (): Promise<void> => {
    schedule?.unwatch(follower);
    pins.drop(index);
    await follower.stop();
  };
  return { follower, pin: () => keeper.pin(), close };
}
