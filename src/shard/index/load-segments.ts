import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../core/logger.js';
import { DELETES_FORMAT, readDeletes } from './components/deletes.js';
import { asCorrupt, CorruptFile, type FileRecord } from './durable-file.js';
import type { SegmentRecord } from './segment-record.js';
import { readPrices } from './components/prices.js';
import { filesBeside, readManifest, type Manifest, type ManifestOrigin } from './manifest.js';
import { openSegment } from './open-segment.js';
import type { Segment } from './segment.js';

/** What a tenant's folder has to give. */
export interface LoadedSegments {
  /** Undefined: nothing of use was there. */
  manifest: Manifest | undefined;
  segments: Segment[];
  /** All that the manifest names is here. */
  isComplete: boolean;
}

/**
 * Opens the segments of the manifest. One that is damaged is left out, one whose graph alone is comes
 * without it. Removes what no manifest names: leftovers of builds that a crash cut short.
 */
export async function loadSegments(
  folder: string,
  origin: ManifestOrigin,
  logger: Logger,
): Promise<LoadedSegments> {
  const manifest = await soundManifest(folder, origin, logger);
  if (manifest === undefined) {
    await emptyFolder(folder, []);
    return { manifest, segments: [], isComplete: false };
  }
  const deletes = await soundDeletes(folder, manifest, logger);
  const segments: Segment[] = [];
  try {
    for (const [i, dead] of (deletes ?? []).entries()) {
      const segment = await soundSegment(folder, manifest, i, logger);
      segment?.deletes.load(dead);
      if (segment !== undefined) segments.push(segment);
    }
  } catch (error) {
    await Promise.all(segments.map((segment) => segment.close()));
    throw error;
  }
  await keepOnly(folder, manifest, (name) => segments.some((segment) => segment.name === name));
  return { manifest, segments, isComplete: segments.length === manifest.segments.length };
}

/** Removes what is neither beside the segments by the manifest nor kept, as is asked before each. */
export async function keepOnly(
  folder: string,
  manifest: Pick<Manifest, 'deletes' | 'prices'>,
  isKept: (name: string) => boolean,
): Promise<void> {
  const names = filesBeside(manifest).map(({ name }) => name);
  await emptyFolder(folder, ['manifest.json', ...names], isKept);
}

async function soundManifest(
  folder: string,
  origin: ManifestOrigin,
  logger: Logger,
): Promise<Manifest | undefined> {
  try {
    return await readManifest(folder, origin);
  } catch (error) {
    if (!(error instanceof CorruptFile)) throw error;
    logger.warn({ error: String(error) }, 'manifest discarded, rebuilding from the store');
    return undefined;
  }
}

async function soundDeletes(
  folder: string,
  { deletes, segments }: Manifest,
  logger: Logger,
): Promise<Uint32Array[] | undefined> {
  try {
    if (deletes.format !== DELETES_FORMAT) throw new CorruptFile('deletes of another format');
    const rows = segments.map((segment) => segment.rows);
    return await readDeletes(deletes, folder, rows);
  } catch (error) {
    if (!(asCorrupt(error, 'deletes') instanceof CorruptFile)) throw error;
    logger.warn({ error: String(error) }, 'delete bitmaps discarded, rebuilding');
    return undefined;
  }
}

async function soundSegment(
  folder: string,
  { segments, prices = [] }: Manifest,
  index: number,
  logger: Logger,
): Promise<Segment | undefined> {
  const record = segments[index];
  if (record === undefined) return undefined;
  try {
    const segment = await openPriced(folder, record, prices[index] ?? undefined);
    if (segment.isImpaired) {
      logger.warn(
        { segment: record.folder },
        'a graph is damaged and was discarded, rebuilding it',
      );
    }
    return segment;
  } catch (error) {
    if (!(error instanceof CorruptFile)) throw error;
    const { message } = error;
    logger.warn({ segment: record.folder, message }, 'segment discarded, rebuilding it');
    return undefined;
  }
}

async function openPriced(
  folder: string,
  record: SegmentRecord,
  file: FileRecord | undefined,
): Promise<Segment> {
  const segment = await openSegment(folder, record);
  if (file === undefined) return segment;
  try {
    await readPrices(folder, file, segment.prices, record.rows);
    segment.prices.saved = { file, changes: segment.prices.changes };
    return segment;
  } catch (error) {
    await segment.close();
    throw asCorrupt(error, file.name);
  }
}

/** Whatever else has the folder's name is no index, and goes too. */
async function emptyFolder(
  folder: string,
  except: readonly string[],
  isKept: (name: string) => boolean = () => false,
): Promise<void> {
  const kept = new Set(except);
  const names = await readdir(folder).catch(async (error: unknown): Promise<string[]> => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') await rm(folder, { force: true });
    else if (code !== 'ENOENT') throw error;
    return [];
  });
  for (const name of names) {
    if (kept.has(name) || isKept(name)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
