import { randomUUID } from 'node:crypto';
import type { Position } from '../../store/store.js';
import { writeDeletes } from './components/deletes.js';
import { encodePosition, writeManifest, type Manifest } from './manifest.js';
import { SEGMENT_FORMAT } from './segment-record.js';
import type { TenantIndex } from './tenant-index.js';

/** Up to where segments follow the feed. */
export interface Loaded {
  /** Undefined: nowhere known; all is compared with the store again. */
  position: Position | undefined;
  /** Partitions that were complete as of `position`. */
  partitions: readonly string[];
}

/**
 * Writes a manifest of the index's segments. The bitmaps may be newer than `position`, never older: whatever
 * killed a row since is found again when the feed is replayed from there.
 */
export async function writeSealed(
  index: TenantIndex,
  { position, partitions }: Loaded,
  { folder, storeId, terms }: Pick<Manifest, 'storeId' | 'terms'> & { folder: string },
): Promise<Manifest> {
  const { model, tenant } = index;
  const segments = [...index.segments];
  const bitmaps = segments.map(({ deletes }) => deletes.snapshot());
  const manifest: Manifest = {
    format: SEGMENT_FORMAT,
    ...{ storeId, model, terms, tenant },
    position: position === undefined ? null : encodePosition(position),
    partitions: [...partitions],
    segments: segments.map(({ record }) => record),
    deletes: await writeDeletes(folder, randomUUID(), bitmaps),
  };
  await writeManifest(folder, manifest);
  return manifest;
}
