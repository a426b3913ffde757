import { invalidField, OmniError } from '../core/errors.js';
import { isObject } from '../core/json.js';
import type { PackedPrices } from '../core/price-entries.js';
import type { JsonObject, Product } from '../core/product.js';
import type { Partition } from '../store/store.js';
import type { FullRow } from '../store/catalogue-pages.js';
import type { CopiedRow } from './copy-writer.js';

/**
 * What a backup is made of: lines of JSON. A `tenant` line says whose products follow; with `reset`, that all that was
 * said of them before is void. A delete with `archive` is of a product that is kept there. Of an id that comes more than once the last line counts.
 */
export type BackupLine =
  | { tenant: string; reset?: true }
  | PutLine
  | { delete: string; feed_version?: number; archive?: string }
  | { record: { kind: string; id: string; value: JsonObject } }
  | { gone: { kind: string; id: string } }
  | { placement: PlacementLine };

/** How a tenant lay. */
export interface PlacementLine {
  tenant: string;
  partitions: readonly Partition[];
  /** All nodes on which anything of the backup lay; where it is restored. */
  nodes?: readonly string[];
}

/** A live product with all that is stored of it; vectors as little-endian float32, base64. */
export interface PutLine {
  put: Product;
  vectors: { text: string };
  model: string;
  content_hash: string;
  embed_hash: string;
  /** The shop's own. */
  feed_version?: number | undefined;
  /** What price lists say of it, packed, base64. */
  prices?: string;
}

/** The line behind a page: where to go on, and, behind the last, what the page's readers have by then. */
export interface PageEnd {
  end: {
    /** Null: nothing follows. */
    cursor: string | null;
    /** Of products: the feed's position behind the page, base64. */
    position?: string;
    puts: number;
    deletes: number;
    records: number;
    /** All that was said of the tenant before is void. */
    reset?: true;
    /** Products that are damaged in the store: not in the backup. */
    damaged?: string[];
  };
}

/** The product goes in as it is stored, without a parse. */
export function putText({ row, head }: FullRow): string {
  const rest: Omit<PutLine, 'put'> = {
    vectors: { text: vectorText(row.vectors.text) },
    model: row.model,
    content_hash: head.contentHash,
    embed_hash: head.embedHash,
    ...(head.feedVersion === undefined ? {} : { feed_version: head.feedVersion }),
    ...(row.prices.length === 0 ? {} : { prices: packedText(row.prices) }),
  };
  return `{"put":${row.json.toString()},${JSON.stringify(rest).slice(1)}`;
}

function packedText(prices: PackedPrices): string {
  return Buffer.from(prices).toString('base64');
}

export function vectorText({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** What a line of a product or a delete says. Throws `invalid_field` for any other. */
export function copiedRow(line: BackupLine): CopiedRow {
  if ('delete' in line) {
    const { delete: id, feed_version: feedVersion, archive } = line;
    return { op: 'delete', id, feedVersion, ...(archive === undefined ? {} : { archive }) };
  }
  if (!isPut(line)) throw invalidField('lines', 'must be products and deletes');
  const { put: product, vectors, model, prices = '' } = line;
  const { content_hash: contentHash, embed_hash: embedHash, feed_version: feedVersion } = line;
  return {
    ...{ op: 'put', product, feedVersion, contentHash, embedHash, model },
    vector: vectorOf(vectors.text, 'vectors.text'),
    prices: Uint8Array.from(Buffer.from(prices, 'base64')),
  };
}

/** The floats of a vector's text. Throws `invalid_field`, which names `field`, where these are not whole floats. */
export function vectorOf(text: string, field: string): Float32Array {
  // Copied, because floats must be aligned to 4 bytes.
  const { buffer } = Uint8Array.from(Buffer.from(text, 'base64'));
  if (buffer.byteLength % Float32Array.BYTES_PER_ELEMENT === 0) return new Float32Array(buffer);
  throw invalidField(field, 'must be float32 numbers, little-endian, as base64');
}

export function isPut(line: BackupLine): line is PutLine {
  return 'put' in line;
}

const KINDS = ['tenant', 'put', 'delete', 'record', 'gone', 'placement'];

/** Reads a line. Throws `invalid_field`, which names `where`. */
export function backupLineOf(text: string, where: string): BackupLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OmniError('invalid_field', `${where} is not JSON`, { field: where, cause });
  }
  if (!isObject(value) || !KINDS.some((kind) => kind in value)) {
    throw invalidField(where, 'is no line of a backup');
  }
  if ('put' in value && !isPutLine(value)) throw invalidField(where, 'is no whole product');
  return value as unknown as BackupLine;
}

function isPutLine({ put, vectors, ...rest }: JsonObject): boolean {
  return (
    isObject(put) &&
    [put['id'], put['title'], put['category']].every((each) => typeof each === 'string') &&
    isObject(vectors) &&
    [vectors['text'], rest['model'], rest['content_hash'], rest['embed_hash']].every(
      (each) => typeof each === 'string',
    )
  );
}
