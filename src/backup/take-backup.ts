import type { BackupKey } from './backup-key.js';
import type { BackupSource, Page } from './backup-source.js';
import { CIPHER } from './chunk-codec.js';
import { ChunkWriter } from './chunk-writer.js';
import { FORMAT, MANIFEST_FILE, backupName, manifestText, type Manifest } from './manifest.js';
import type { SealedManifest } from './manifest.js';
import { findProgress, PROGRESS_FILE, type Progress } from './progress.js';
import type { BackupTarget } from './target.js';

export interface BackupOptions {
  /** Only of this one. */
  tenant?: string | undefined;
  /** What it goes on from: then it has what changed since. */
  base?: SealedManifest | undefined;
  key?: BackupKey | undefined;
  maxBytesPerS?: number | undefined;
  software: string;
  /** Told now and then. */
  onProgress?: (manifest: Manifest) => void;
}

/** A backup that was made. */
export interface TakenBackup {
  manifest: Manifest;
  /** It went on with one that was interrupted. */
  resumed: boolean;
  /** Tenants that are in it from their start though it was to have what changed only. */
  anew: string[];
}

/**
 * Writes a backup to `target`: its chunks, then its manifest, without which it is none. One that was interrupted, and
 * was asked for alike, is gone on with where its last chunk ends.
 */
export async function takeBackup(
  source: BackupSource,
  target: BackupTarget,
  options: BackupOptions,
): Promise<TakenBackup> {
  const began = await begin(source, options);
  const found = await findProgress(target, began, options.key);
  const progress = found ?? { manifest: began.manifest, left: began.left };
  const { manifest } = progress;
  const { key, maxBytesPerS } = options;
  const writing = { name: manifest.name, key, maxBytesPerS };
  const writer = new ChunkWriter(target, writing, manifest.chunks.length);
  const save = async (): Promise<void> => {
    const chunk = await writer.flush();
    if (chunk === undefined) return;
    manifest.chunks.push(chunk);
    await target.write(`${manifest.name}/${PROGRESS_FILE}`, Buffer.from(JSON.stringify(progress)));
    options.onProgress?.(manifest);
    await writer.keepRate();
  };
  await takeProducts(source, progress, options.base, writer, save);
  await takeRecords(source, manifest, writer, save);
  await save();
  manifest.ended_at = new Date().toISOString();
  const text = manifestText(manifest, key);
  await target.write(`${manifest.name}/${MANIFEST_FILE}`, Buffer.from(text));
  await target.remove(`${manifest.name}/${PROGRESS_FILE}`);
  const isFull = (name: string) => manifest.tenants[name]?.is_full === true;
  const known = Object.keys(options.base?.manifest.tenants ?? {});
  return { manifest, resumed: found !== undefined, anew: known.filter(isFull) };
}

async function begin(
  source: BackupSource,
  { tenant, base, key, software }: BackupOptions,
): Promise<Progress> {
  const now = new Date();
  const { store, model = null, tenants } = await source.head();
  const encryption = key === undefined ? null : { cipher: CIPHER, key_id: key.id };
  const manifest: Manifest = {
    ...{ format: FORMAT, name: backupName(now), software },
    ...{ began_at: now.toISOString(), ended_at: '' },
    tenant: tenant ?? null,
    base: base === undefined ? null : { name: base.manifest.name, seal: base.seal },
    ...{ store, model, tenants: {} },
    counts: { puts: 0, deletes: 0, records: 0 },
    ...{ damaged: [], encryption, chunks: [] },
  };
  return { manifest, left: tenant === undefined ? tenants : [tenant] };
}

async function takeProducts(
  source: BackupSource,
  progress: Progress,
  base: SealedManifest | undefined,
  writer: ChunkWriter,
  save: () => Promise<void>,
): Promise<void> {
  const { manifest } = progress;
  for (let tenant = progress.left[0]; tenant !== undefined; tenant = progress.left[0]) {
    // Positions are of one store: nothing is known of another's changes.
    const known = base?.manifest.store === manifest.store ? base.manifest.tenants : {};
    const since = known[tenant]?.position;
    const from = { ...(since === undefined ? {} : { since }) };
    const { cursor } = progress;
    const page = await source.products(tenant, cursor === undefined ? from : { cursor });
    take(manifest, tenant, page, since === undefined, writer);
    if (page.end.cursor === null) {
      progress.left.shift();
      delete progress.cursor;
    } else progress.cursor = page.end.cursor;
    if (writer.isFull) await save();
  }
}

/** What a page says, into the manifest and the chunk. */
function take(
  manifest: Manifest,
  tenant: string,
  { text, end }: Page,
  isFromStart: boolean,
  writer: ChunkWriter,
): void {
  const before = manifest.tenants[tenant];
  const { position = before?.position ?? '', puts, deletes, damaged = [] } = end;
  manifest.tenants[tenant] = {
    position,
    is_full: isFromStart || before?.is_full === true || end.reset === true,
    puts: puts + (before?.puts ?? 0),
    deletes: deletes + (before?.deletes ?? 0),
  };
  manifest.counts.puts += puts;
  manifest.counts.deletes += deletes;
  manifest.damaged.push(...damaged.map((id) => `${tenant}/${id}`));
  if (puts + deletes > 0 || end.reset === true) writer.add(text, tenant);
}

/** After the products: a price list that a product names is in them. */
async function takeRecords(
  source: BackupSource,
  manifest: Manifest,
  writer: ChunkWriter,
  save: () => Promise<void>,
): Promise<void> {
  const { counts } = manifest;
  counts.records = 0;
  for (let cursor: string | undefined; ;) {
    const { text, end } = await source.records(manifest.tenant ?? undefined, cursor);
    counts.records += end.records;
    if (text !== '') writer.add(text, undefined);
    if (end.cursor === null) return;
    cursor = end.cursor;
    if (writer.isFull) await save();
  }
}
