import { catalogueFormat } from '../../catalogue-files/catalogue-format.js';
import { FieldMap } from '../../catalogue-files/field-map.js';
import { unpackBytes } from '../../catalogue-files/file-bytes.js';
import { itemsOf } from '../../catalogue-files/read-catalogue.js';
import { OmniError } from '../../core/errors.js';
import type { HeldImport } from './held-import.js';
import { changeQueue } from './import-queue.js';
import { spoolOf, type ImportStore } from './import-store.js';
import { spoolRows } from './spool-rows.js';
import { wholeFeed } from './whole-feed.js';

/** The bytes of a feed elsewhere. Rejects where its host is not allowed, or it cannot be read whole. */
export type OpenUrl = (url: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;

interface FetchDeps {
  imports: ImportStore;
  openUrl: OpenUrl;
  maxProductBytes: number;
  importSpoolBytes: number;
}

/** Has the whole feed of an import in the spool before anything of it is written. */
export async function fetchFeed(
  { imports, openUrl, maxProductBytes, importSpoolBytes }: FetchDeps,
  held: HeldImport,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, id } = held;
  const { source, prune } = held.record;
  if (source === null) throw new OmniError('internal', 'an import without a feed');
  const raw = chunksOf(openUrl(source.url, signal), signal);
  const bytes = await unpackBytes('the feed', raw);
  const whole = wholeFeed(bytes, prune);
  const format = catalogueFormat(new URL(source.url).pathname, bytes.head);
  const map = new FieldMap(Object.entries(source.map));
  const items = itemsOf(format, { ...bytes, chunks: whole.chunks }, map, {
    maxRowBytes: maxProductBytes,
  });
  const at = spoolOf(tenant, id, 'rows');
  const spooled = await spoolRows(imports.spool, at, whole.items(items), (own) => {
    if (own <= importSpoolBytes) return;
    throw new OmniError('too_large', `the feed has more than ${importSpoolBytes} bytes`);
  });
  if (spooled.rows === 0) throw new OmniError('invalid_json', 'the feed holds no rows');
  await held.save((record) => ({ ...record, spooled }));
  await changeQueue(imports.records, tenant, (queue) => ({
    ...queue,
    spooledBytes: queue.spooledBytes + spooled.bytes,
  }));
}

async function* chunksOf(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
