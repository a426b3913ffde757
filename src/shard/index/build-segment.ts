import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../core/logger.js';
import type { Build } from '../build/builder.js';
import type { SegmentOptions } from '../build/write-segment.js';
import { openSegment } from './open-segment.js';
import { Bitset } from './bitset.js';
import type { Segment } from './segment.js';
import type { SegmentRecord } from './segment-record.js';
import type { TenantIndex } from './tenant-index.js';

/** Rows of a segment to write: `rows` of it, or all that live. */
interface Source {
  segment: Segment;
  rows?: Bitset;
}

export interface SegmentPlace {
  /** The tenant's folder. */
  folder: string;
  segment: Omit<SegmentOptions, 'dimensions'>;
}

/** A name for a segment's folder. */
export function segmentFolder(): string {
  return `segment-${randomUUID()}`;
}

/**
 * The frozen tail and `sources` as one new segment; undefined where nothing of them is live. Leaves
 * nothing behind when it fails: the disk may be full.
 */
export async function buildSegment(
  index: TenantIndex,
  sources: readonly Source[],
  { folder: tenantFolder, segment }: SegmentPlace,
  build: Build,
  logger: Logger,
  tier: SegmentRecord['tier'],
): Promise<Segment | undefined> {
  const { frozen, dimensions, recentQueries } = index;
  // Nothing was written here for long: only the manifest is to be brought up to now.
  if (sources.length === 0 && frozen?.rows === frozen?.deletes.count) return undefined;
  const folder = segmentFolder();
  const segments = sources.map(({ segment: { record, dead }, rows }) => ({
    record,
    dead: (rows === undefined ? dead.copy() : allBut(rows)).words,
  }));
  const options = { ...segment, dimensions };
  const job = { tenantFolder, folder, options, segments, queries: recentQueries.vectors };
  try {
    const record = await build(job, frozen);
    if (record === undefined) return undefined;
    const { target } = segment.ef;
    for (const component of record.components) {
      if (component.kind !== 'graph' || component.recall >= target) continue;
      const { name, ef, recall } = component;
      logger.warn({ graph: name, ef, recall }, 'a graph is below the recall target');
    }
    return await openSegment(tenantFolder, { ...record, ...(tier === undefined ? {} : { tier }) });
  } catch (error) {
    await rm(join(tenantFolder, folder), { recursive: true, force: true });
    throw error;
  }
}

function allBut(rows: Bitset): Bitset {
  const others = new Bitset(rows.size);
  others.addRange(0, rows.size);
  return others.andNot(rows);
}
