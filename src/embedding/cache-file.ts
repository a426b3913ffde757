import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ModelIdentity } from '../core/product.js';
import { PatientSlices } from '../core/slices.js';
import type { CachedEmbedding, EmbeddingCache } from './embedding-cache.js';

/**
 * The cache's file: one line of JSON (format, model, count), then for each entry the key's length
 * and its uses as uint32, the key, the vector as float32, all little-endian, then a SHA-256 over
 * everything before it. Most used entries first.
 */
const FORMAT = 'omnisearch-embedding-cache-1';
const ENTRY_HEADER_BYTES = 8;
const CHECKSUM_BYTES = 32;
/** A millisecond or so. */
const HASHED_AT_ONCE = 512 * 1024;

interface Entry extends CachedEmbedding {
  key: string;
}

interface Header {
  format: string;
  fingerprint: string;
  dimensions: number;
  count: number;
}

/**
 * Writes the `limit` most used entries of the cache and of the file that is there, and takes those of the file into
 * the cache: query nodes that share a folder share what they have embedded, and one that has little takes nothing
 * away. The file appears whole or not at all.
 */
export async function saveCache(
  file: string,
  cache: EmbeddingCache,
  model: ModelIdentity,
  limit: number,
): Promise<void> {
  const slices = new PatientSlices();
  const others = await readCache(file, model);
  const entries = mostUsed([...cache.recent(limit), ...others], limit);
  cache.adopt(others);
  const { fingerprint, dimensions } = model;
  const header: Header = { format: FORMAT, fingerprint, dimensions, count: entries.length };
  await mkdir(dirname(file), { recursive: true });
  // Another process may write at the same time.
  const unfinished = `${file}.new-${process.pid}`;
  const handle = await open(unfinished, 'w');
  try {
    const hash = createHash('sha256');
    const write = async (parts: Buffer[]): Promise<void> => {
      const bytes = Buffer.concat(parts.splice(0));
      hash.update(bytes);
      await handle.writeFile(bytes);
    };
    const parts: Buffer[] = [Buffer.from(`${JSON.stringify(header)}\n`)];
    for (const entry of entries) {
      parts.push(...bytesOf(entry));
      if (!slices.isOver) continue;
      await write(parts);
      await slices.next();
    }
    await write(parts);
    await handle.writeFile(hash.digest());
    await handle.sync();
    await rename(unfinished, file);
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

function bytesOf({ key, vector, uses }: Entry): Buffer[] {
  const head = Buffer.alloc(ENTRY_HEADER_BYTES);
  head.writeUInt32LE(key.length, 0);
  head.writeUInt32LE(Math.min(uses, 0xffffffff), 4);
  const values = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return [head, Buffer.from(key, 'latin1'), values];
}

/** Of entries of one key the first; among those that are as much used the first come first. */
function mostUsed(all: readonly Entry[], limit: number): Entry[] {
  const byKey = new Map<string, Entry>();
  for (const entry of all) {
    const { vector, uses } = byKey.get(entry.key) ?? entry;
    byKey.set(entry.key, { key: entry.key, vector, uses: Math.max(uses, entry.uses) });
  }
  return [...byKey.values()].sort((a, b) => b.uses - a.uses).slice(0, limit);
}

/** Takes what the file has, and the cache has not, into the cache, as far as there is room. One that is absent, damaged or another model's is left alone. */
export async function loadCache(
  file: string,
  cache: EmbeddingCache,
  model: ModelIdentity,
): Promise<number> {
  const entries = await readCache(file, model);
  cache.adopt(entries);
  return entries.length;
}

/** Most used entries first; none where the file is absent, damaged or another model's. */
async function readCache(file: string, model: ModelIdentity): Promise<Entry[]> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const body = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
  if (!(await checksum(body)).equals(bytes.subarray(body.length))) return [];
  const headerEnd = body.indexOf('\n');
  const header = JSON.parse(body.toString('utf8', 0, headerEnd)) as Header;
  const { format, fingerprint, dimensions } = header;
  if (format !== FORMAT || fingerprint !== model.fingerprint) return [];
  if (dimensions !== model.dimensions) return [];
  return readEntries(body.subarray(headerEnd + 1), header);
}

async function readEntries(body: Buffer, header: Header): Promise<Entry[]> {
  const slices = new PatientSlices();
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < header.count; i++) {
    const keyLength = body.readUInt32LE(at);
    const uses = body.readUInt32LE(at + 4);
    const keyEnd = at + ENTRY_HEADER_BYTES + keyLength;
    const key = body.toString('latin1', at + ENTRY_HEADER_BYTES, keyEnd);
    const vector = new Float32Array(header.dimensions);
    at = keyEnd + vector.byteLength;
    Buffer.from(vector.buffer).set(body.subarray(keyEnd, at));
    entries.push({ key, vector, uses });
    if (slices.isOver) await slices.next();
  }
  return entries;
}

async function checksum(body: Buffer): Promise<Buffer> {
  const slices = new PatientSlices();
  const hash = createHash('sha256');
  for (let at = 0; at < body.length; at += HASHED_AT_ONCE) {
    hash.update(body.subarray(at, at + HASHED_AT_ONCE));
    if (slices.isOver) await slices.next();
  }
  return hash.digest();
}
