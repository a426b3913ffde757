import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MAX_RANGE_BYTES } from '../../protocol/messages.js';
import { segmentFolder } from '../index/build-segment.js';
import { DELETES_FORMAT, readDeletes } from '../index/components/deletes.js';
import { readPrices } from '../index/components/prices.js';
import { CorruptFile, syncPath, writeFile, type FileRecord } from '../index/durable-file.js';
import { decodePosition, type Manifest } from '../index/manifest.js';
import type { SparedNames } from '../index/pinned-files.js';
import { openSegment } from '../index/open-segment.js';
import type { Segment } from '../index/segment.js';
import { IncomingRows } from './incoming-rows.js';

/** A range of a peer's file. */
export type ReadRange = (file: string, from: number, bytes: number) => Promise<Uint8Array>;

/** What is to be copied of an offer. */
export interface WantedFiles {
  /** With a position. */
  manifest: Manifest;
  /** Which of its segments, by number. */
  segments: readonly number[];
  /** See `Copied`. */
  keys: readonly string[];
}

/** Where copies are put. */
export interface CopyTarget {
  /** The tenant's folder. */
  folder: string;
  spared: SparedNames;
}

/**
 * Copies segments, each into a folder of its own, and opens them less what was deleted at the peer.
 * Every file is checked against the manifest. Leaves nothing behind when it fails.
 */
export async function fetchSegments(
  wanted: WantedFiles,
  { folder, spared }: CopyTarget,
  read: ReadRange,
): Promise<IncomingRows> {
  const { manifest, segments: numbers, keys } = wanted;
  const folders = numbers.map(segmentFolder);
  const unspare = spared.spare(folders);
  const remove = async (): Promise<void> => {
    const paths = folders.map((name) => join(folder, name));
    await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
  };
  const segments: Segment[] = [];
  try {
    for (const [i, number] of numbers.entries()) {
      const { folder: source, ...record } = at(manifest.segments, number);
      const name = at(folders, i);
      const into = join(folder, name);
      await mkdir(into, { recursive: true, mode: 0o700 });
      for (const file of record.components.flatMap(({ files }) => files)) {
        await fetchFile(into, file, (from, bytes) => read(`${source}/${file.name}`, from, bytes));
      }
      await syncPath(into);
      segments.push(await openSegment(folder, { folder: name, ...record }));
    }
    await syncPath(folder);
    const dead = await fetchDeletes(manifest, join(folder, at(folders, 0)), read);
    for (const [i, number] of numbers.entries()) {
      const segment = at(segments, i);
      segment.deletes.load(at(dead, number));
      const prices = manifest.prices?.[number] ?? undefined;
      if (prices !== undefined)
        await fetchPrices(segment, prices, join(folder, segment.name), read);
    }
    const position = decodePosition(manifest.position ?? '');
    return new IncomingRows({ segments, position, keys, unspare, remove });
  } catch (error) {
    try {
      await Promise.all(segments.map((segment) => segment.close()));
      await remove();
    } finally {
      unspare();
    }
    throw error;
  }
}

/** A bitmap a segment of the manifest. Their file lies in `folder` only until it was read. */
async function fetchDeletes(
  { deletes, segments }: Manifest,
  folder: string,
  read: ReadRange,
): Promise<Uint32Array[]> {
  if (deletes.format !== DELETES_FORMAT) throw new CorruptFile('deletes of another format');
  for (const file of deletes.files) {
    await fetchFile(folder, file, (from, bytes) => read(file.name, from, bytes));
  }
  const rows = segments.map((segment) => segment.rows);
  const dead = await readDeletes(deletes, folder, rows);
  for (const { name } of deletes.files) await rm(join(folder, name));
  return dead;
}

/** Their file lies in `folder` only until it was read: the next manifest has one of its own. */
async function fetchPrices(
  segment: Segment,
  file: FileRecord,
  folder: string,
  read: ReadRange,
): Promise<void> {
  await fetchFile(folder, file, (from, bytes) => read(file.name, from, bytes));
  await readPrices(folder, file, segment.prices, segment.rows);
  await rm(join(folder, file.name));
}

/** Throws `CorruptFile` where what comes is not what `record` says. */
async function fetchFile(
  folder: string,
  record: FileRecord,
  read: (from: number, bytes: number) => Promise<Uint8Array>,
): Promise<void> {
  if (!/^\w[\w.-]*$/.test(record.name)) throw new CorruptFile('a file of no name of ours');
  const sum = { crc: 0 };
  await writeFile(join(folder, record.name), ranges(record, read, sum));
  if (sum.crc !== record.crc32) {
    throw new CorruptFile(`${record.name} came with another checksum`);
  }
}

/** One range is asked for while the one before it is written. */
async function* ranges(
  { name, bytes }: FileRecord,
  read: (from: number, bytes: number) => Promise<Uint8Array>,
  sum: { crc: number },
): AsyncGenerator<Uint8Array, void> {
  const ask = (from: number): Promise<Uint8Array> => {
    const asked = read(from, Math.min(MAX_RANGE_BYTES, bytes - from));
    // Where nobody comes to wait for it, somebody has heard of a failure before.
    asked.catch(() => undefined);
    return asked;
  };
  let next = bytes > 0 ? ask(0) : undefined;
  for (let from = 0; next !== undefined; from += MAX_RANGE_BYTES) {
    const range = await next;
    if (range.byteLength !== Math.min(MAX_RANGE_BYTES, bytes - from)) {
      throw new CorruptFile(`a range of ${name} came with another length`);
    }
    next = from + MAX_RANGE_BYTES < bytes ? ask(from + MAX_RANGE_BYTES) : undefined;
    sum.crc = crc32(range, sum.crc);
    yield range;
  }
}

/** Throws `CorruptFile` where a manifest has less than it says. */
function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new CorruptFile('a manifest that does not add up');
  return value;
}
