import type { Logger } from '../../core/logger.js';
import type { Build } from '../build/builder.js';
import { buildSegment, type SegmentPlace } from '../index/build-segment.js';
import { openSegment } from '../index/open-segment.js';
import type { Segment } from '../index/segment.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { TierWork } from './tier-watch.js';

interface SortDeps {
  index: TenantIndex;
  place: SegmentPlace;
  logger: Logger;
  /** Has `built`, made of `sources`, take its place by `swap`, and writes that down; `gone` are closed then. */
  exchange: (
    sources: readonly Segment[],
    built: Segment,
    gone: readonly Segment[],
    swap: () => void,
  ) => Promise<void>;
}

/** Has rows come to their tier. While it builds, searches and writes go on as during any merge. */
export async function sortTiers(work: TierWork, deps: SortDeps, build: Build): Promise<void> {
  if (work.kind === 'reopen') await reopen(work, deps);
  else await move(work, deps, build);
}

async function reopen(
  { segment, tier }: Extract<TierWork, { kind: 'reopen' }>,
  { index, place, logger, exchange }: SortDeps,
): Promise<void> {
  const tiered = { ...segment.record };
  if (tier === undefined) delete tiered.tier;
  else tiered.tier = tier;
  // Deletes and prices are the same objects: nothing that comes meanwhile is missed.
  const opened = await openSegment(place.folder, tiered, { changes: segment });
  await exchange([segment], opened, [segment], () => index.replace(segment, opened));
  logger.info({ segment: segment.name, tier: tier ?? 'hot' }, 'a segment changed its tier');
}

async function move(
  { from }: Extract<TierWork, { kind: 'move' }>,
  { index, place, logger, exchange }: SortDeps,
  build: Build,
): Promise<void> {
  index.freeze(false);
  // What died while they were chosen: from here on it is noted.
  for (const { segment, rows } of from) rows.andNot(segment.dead);
  const built = await buildSegment(index, from, place, build, logger, 'warm');
  if (built === undefined) {
    index.thaw();
    return;
  }
  const segments = from.map(({ segment }) => segment);
  await index.catchUp(built, segments);
  await exchange(segments, built, [], () => index.moveRows(from, built));
  logger.info({ segment: built.name, rows: built.rows }, 'rows became warm');
}
