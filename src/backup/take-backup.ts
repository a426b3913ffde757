import type { BackupKey } from './backup-key.js';
import type { BackupSource, Page } from './backup-source.js';
import { findBackup } from './chain.js';
import { CIPHER } from './chunk-codec.js';
import { ChunkWriter } from './chunk-writer.js';
import { Claim } from './claim.js';
import { FORMAT, MANIFEST_FILE, backupName, manifestText, type Manifest } from './manifest.js';
import type { SealedManifest } from './manifest.js';
import { findProgress, forgetProgress, saveProgress, type Progress } from './progress.js';
import { BackupProblem } from './problem.js';
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
 * was asked for alike, is gone on with where its last chunk ends. Rejects `BackupProblem` where another process writes that
 * one, or what it goes on from went meanwhile.
 */
export async function takeBackup(
  source: BackupSource,
  target: BackupTarget,
  options: BackupOptions,
): Promise<TakenBackup> {
  const began = await begin(source, options);
  const found = await findProgress(target, began, options.key);
  let progress = found ?? began;
  const claim = new Claim(target, progress.manifest.name);
  await claim.take();
  try {
    // As whoever had it until now has left it.
    if (found !== undefined) progress = await findAgain(target, found, options.key);
    await write(source, target, progress, claim, options);
  } finally {
    await claim.end();
  }
  const { manifest } = progress;
  const isFull = (name: string) => manifest.tenants[name]?.is_full === true;
  const known = Object.keys(options.base?.manifest.tenants ?? {});
  return { manifest, resumed: found !== undefined, anew: known.filter(isFull) };
}

async function findAgain(
  target: BackupTarget,
  found: Progress,
  key: BackupKey | undefined,
): Promise<Progress> {
  const progress = await findProgress(target, found, key);
  const { name } = found.manifest;
  if (progress?.manifest.name === name) return progress;
  throw new BackupProblem(`${name} was ended by another process: ask again`);
}

async function write(
  source: BackupSource,
  target: BackupTarget,
  progress: Progress,
  claim: Claim,
  options: BackupOptions,
): Promise<void> {
  const { manifest } = progress;
  const { base, key, maxBytesPerS } = options;
  const writing = { name: manifest.name, key, maxBytesPerS };
  const writer = new ChunkWriter(target, writing, manifest.chunks.length);
  const save = async (): Promise<void> => {
    await claim.check();
    const chunk = await writer.flush();
    if (chunk === undefined) return;
    manifest.chunks.push(chunk);
    await saveProgress(target, progress, key);
    options.onProgress?.(manifest);
    await writer.keepRate();
  };
  await takeProducts(source, progress, base, writer, save);
  await takeRecords(source, manifest, writer, save);
  await save();
  // Another's --keep may have removed it meanwhile.
  if (base !== undefined) await checkBase(target, base, key);
  manifest.ended_at = new Date().toISOString();
  const text = manifestText(manifest, key);
  await target.write(`${manifest.name}/${MANIFEST_FILE}`, Buffer.from(text));
  await forgetProgress(target, manifest.name);
}

async function checkBase(
  target: BackupTarget,
  { manifest: { name }, seal }: SealedManifest,
  key: BackupKey | undefined,
): Promise<void> {
  if ((await findBackup(target, name, key)).seal === seal) return;
  throw new BackupProblem(`${name} is not the backup any more that this one goes on from`);
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
