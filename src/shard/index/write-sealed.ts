import { randomUUID } from 'node:crypto';
import type { Position } from '../../store/store.js';
import { writeDeletes } from './components/deletes.js';
import { encodePosition, writeManifest, type Manifest } from './manifest.js';
import { writePrices } from './components/prices.js';
import type { FileRecord } from './durable-file.js';
import { PRICED_FORMAT, SEGMENT_FORMAT } from './segment-record.js';
import type { TenantIndex } from './tenant-index.js';

/** Up to where segments follow the feed. */
export interface Loaded {
  /** Undefined: nowhere known; all is compared with the store again. */
  position: Position | undefined;
  /** Partitions that were complete as of `position`. */
  partitions: readonly string[];
}

export const NOWHERE: Loaded = { position: undefined, partitions: [] };

/**
 * Writes a manifest of the index's segments. Bitmaps and prices may be newer than `position`, never older: whatever
 * changed a row since is found again when the feed is replayed from there.
 */
export async function writeSealed(
  index: TenantIndex,
  { position, partitions }: Loaded,
  { folder, storeId, terms }: Pick<Manifest, 'storeId' | 'terms'> & { folder: string },
): Promise<Manifest> {
  const { model, tenant } = index;
  const segments = [...index.segments];
  const bitmaps = segments.map(({ deletes }) => deletes.snapshot());
  const prices: (FileRecord | null)[] = [];
  for (const segment of segments) prices.push(await writePrices(folder, segment.prices));
  const isPriced = prices.some((file) => file !== null);
  const manifest: Manifest = {
    format: isPriced ? PRICED_FORMAT : SEGMENT_FORMAT,
    ...{ storeId, model, terms, tenant },
    position: position === undefined ? null : encodePosition(position),
    partitions: [...partitions],
    segments: segments.map(({ record }) => record),
    deletes: await writeDeletes(folder, randomUUID(), bitmaps),
    ...(isPriced ? { prices } : {}),
  };
  await writeManifest(folder, manifest);
  return manifest;
}
