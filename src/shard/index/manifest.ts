import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Position } from '../../store/store.js';
import { asCorrupt, CorruptFile, replaceFile } from './durable-file.js';
import { SEGMENT_FORMAT, type ComponentRecord, type SegmentRecord } from './segment-record.js';

/**
 * What a shard keeps of one tenant, as of `position`: taken in the same turn as the rows and the
 * delete bitmaps it lists. Replaying the feed from `position` brings it to now.
 */
export interface Manifest {
  format: number;
  storeId: string;
  /** Fingerprint of the model of all vectors. */
  model: string;
  /** How all words were made, see `termsKey`: the analyzer's version and the settings' generation. */
  terms: string;
  tenant: string;
  /** Base64 of the opaque position; null while a resync with the store is under way. */
  position: string | null;
  /** The partitions, `id@epoch`, that were complete as of `position`. */
  partitions: string[];
  segments: SegmentRecord[];
  /** One bitmap a segment, in the order of `segments`. */
  deletes: ComponentRecord;
}

/** The manifest's own line of defence: a checksum before the JSON. */
const MANIFEST = 'manifest.json';

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const json = Buffer.from(JSON.stringify(manifest), 'utf8');
  const header = Buffer.from(`${crc32(json).toString(16).padStart(8, '0')}\n`, 'latin1');
  await replaceFile(join(folder, MANIFEST), Buffer.concat([header, json]));
}

/** The names that it gives to what lies beside it. */
export function namesIn({ segments, deletes }: Pick<Manifest, 'segments' | 'deletes'>): string[] {
  return [...segments.map(({ folder }) => folder), ...deletes.files.map(({ name }) => name)];
}

/** Of what a manifest must be to be of use. */
export type ManifestOrigin = Pick<Manifest, 'storeId' | 'model' | 'terms'>;

/**
 * The manifest in `folder`; undefined when there is none, or when it is of another format, store
 * or model, or of words made in another way. Throws `CorruptFile` when it is damaged, or no file.
 */
export async function readManifest(
  folder: string,
  { storeId, model, terms }: ManifestOrigin,
): Promise<Manifest | undefined> {
  let content: Buffer;
  try {
    content = await readFile(join(folder, MANIFEST));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asCorrupt(error, MANIFEST);
  }
  const json = content.subarray(9);
  const expected = content.subarray(0, 9).toString('latin1');
  if (expected !== `${crc32(json).toString(16).padStart(8, '0')}\n`) {
    throw new CorruptFile(`${MANIFEST} is not what was written`);
  }
  const manifest = JSON.parse(json.toString('utf8')) as Manifest;
  const isOurs =
    manifest.format === SEGMENT_FORMAT &&
    manifest.storeId === storeId &&
    manifest.model === model &&
    manifest.terms === terms;
  return isOurs ? manifest : undefined;
}

export function encodePosition(position: Position): string {
  return Buffer.from(position).toString('base64');
}

export function decodePosition(text: string): Position {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
