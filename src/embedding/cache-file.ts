import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ModelIdentity } from '../core/product.js';
import type { EmbeddingCache } from './embedding-cache.js';

/**
 * The cache's file: one line of JSON (format, model, count), then for each entry the key's length
 * and its uses as uint32, the key, the vector as float32, all little-endian, then a SHA-256 over
 * everything before it. Most used entries first.
 */
const FORMAT = 'omnisearch-embedding-cache-1';
const ENTRY_HEADER_BYTES = 8;
const CHECKSUM_BYTES = 32;

interface Header {
  format: string;
  fingerprint: string;
  dimensions: number;
  count: number;
}

/** Writes the `limit` most used entries; the file appears whole or not at all. */
export async function saveCache(
  file: string,
  cache: EmbeddingCache,
  model: ModelIdentity,
  limit: number,
): Promise<void> {
  const entries = cache.mostUsed().slice(0, limit);
  const { fingerprint, dimensions } = model;
  const header: Header = { format: FORMAT, fingerprint, dimensions, count: entries.length };
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(header)}\n`)];
  for (const [key, { vector, uses }] of entries) {
    const head = Buffer.alloc(ENTRY_HEADER_BYTES);
    head.writeUInt32LE(key.length, 0);
    head.writeUInt32LE(Math.min(uses, 0xffffffff), 4);
    const values = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    parts.push(head, Buffer.from(key, 'latin1'), values);
  }
  const body = Buffer.concat(parts);
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, 'w');
  try {
    await handle.writeFile(body);
    await handle.writeFile(checksum(body));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

/** Fills the cache from the file. One that is absent, damaged or another model's is left alone. */
export async function loadCache(
  file: string,
  cache: EmbeddingCache,
  model: ModelIdentity,
): Promise<number> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const body = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
  if (!checksum(body).equals(bytes.subarray(body.length))) return 0;
  const headerEnd = body.indexOf('\n');
  const header = JSON.parse(body.toString('utf8', 0, headerEnd)) as Header;
  const { format, fingerprint, dimensions } = header;
  if (format !== FORMAT || fingerprint !== model.fingerprint) return 0;
  if (dimensions !== model.dimensions) return 0;
  const entries = readEntries(body.subarray(headerEnd + 1), header);
  // The most used one last, so that it is the last to be dropped.
  for (const { key, vector, uses } of entries.reverse()) cache.set(key, vector, uses);
  return entries.length;
}

function readEntries(
  body: Buffer,
  header: Header,
): { key: string; vector: Float32Array; uses: number }[] {
  const entries = [];
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
  }
  return entries;
}

function checksum(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest();
}
