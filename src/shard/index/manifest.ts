import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Position } from '../../store/store.js';
import { asCorrupt, CorruptFile, replaceFile, type FileRecord } from './durable-file.js';
import {
  PRICED_FORMAT,
  SEGMENT_FORMAT,
  type ComponentRecord,
  type SegmentRecord,
} from './segment-record.js';

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
  /** What price lists say of each segment's rows, null where nothing; absent: of none anything. */
  prices?: readonly (FileRecord | null)[];
}

/** The manifest's own line of defence: a checksum before the JSON. */
const MANIFEST = 'manifest.json';

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const json = Buffer.from(JSON.stringify(manifest), 'utf8');
  const header = Buffer.from(`${crc32(json).toString(16).padStart(8, '0')}\n`, 'latin1');
  await replaceFile(join(folder, MANIFEST), Buffer.concat([header, json]));
}

/** The names that it gives to what lies beside it. */
export function namesIn(manifest: Pick<Manifest, 'segments' | 'deletes' | 'prices'>): string[] {
  const files = filesBeside(manifest).map(({ name }) => name);
  return [...manifest.segments.map(({ folder }) => folder), ...files];
}

/** Files of what changes of segments, which lie beside their folders. */
export function filesBeside({
  deletes,
  prices = [],
}: Pick<Manifest, 'deletes' | 'prices'>): FileRecord[] {
  return [...deletes.files, ...prices.filter((file) => file !== null)];
}

/** Whether this version reads such a manifest. */
export function isReadable({ format }: Pick<Manifest, 'format'>): boolean {
  return format === SEGMENT_FORMAT || format === PRICED_FORMAT;
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
    isReadable(manifest) &&
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
