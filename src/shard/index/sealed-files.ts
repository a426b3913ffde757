import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digest } from '../../core/ids.js';
import type { Position } from '../../store/store.js';
import { termsKey } from '../../text/term-settings.js';
import type { TextSettings } from '../../text/text-settings.js';
import { CorruptFile } from './durable-file.js';
import { decodePosition, readManifest } from './manifest.js';
import { segmentBytes } from './segment-record.js';

/** What a tenant's files amount to, without opening them. */
export interface SealedFiles {
  /** Up to where in the feed; undefined: they are to be compared with the store. */
  position: Position | undefined;
  /** Partitions, `id@epoch`, that are complete up to there. */
  partitions: readonly string[];
  bytes: number;
  /** Epoch ms. */
  writtenAtMs: number;
}

/** A tenant's index under one generation of its text settings: each has files of its own. */
export interface TenantGeneration {
  tenant: string;
  settings: TextSettings;
}

/** The indexes' folders in a shard's folder, each named by a hash of the tenant's name and of how its words are made. */
export class TenantFolders {
  /** Names of those that are there: most small tenants have none, and are not looked for. */
  private readonly present = new Set<string>();

  constructor(
    private readonly dir: string,
    private readonly storeId: string,
    private readonly model: string,
  ) {}

  async list(): Promise<void> {
    const names = await readdir(this.dir).catch(() => []);
    for (const name of names) this.present.add(name);
  }

  folder(index: TenantGeneration): string {
    return join(this.dir, nameOf(index));
  }

  /** From now on files may be written for it. */
  opened(index: TenantGeneration): void {
    this.present.add(nameOf(index));
  }

  /** Undefined where there is nothing of use. */
  async sealed(index: TenantGeneration): Promise<SealedFiles | undefined> {
    if (!this.present.has(nameOf(index))) return undefined;
    const folder = this.folder(index);
    const { storeId, model } = this;
    try {
      const terms = termsKey(index.settings);
      const manifest = await readManifest(folder, { storeId, model, terms });
      if (manifest === undefined) return undefined;
      const { position, partitions, segments } = manifest;
      const { mtimeMs } = await stat(join(folder, 'manifest.json'));
      return {
        position: position === null ? undefined : decodePosition(position),
        partitions,
        bytes: segments.reduce((sum, segment) => sum + segmentBytes(segment), 0),
        writtenAtMs: mtimeMs,
      };
    } catch (error) {
      // It is discarded when it is opened.
      if (error instanceof CorruptFile) return undefined;
      throw error;
    }
  }

  async remove(index: TenantGeneration): Promise<void> {
    if (!this.present.delete(nameOf(index))) return;
    await rm(this.folder(index), { recursive: true, force: true });
  }

  /** Removes the folders of all others, which nobody will open any more. */
  async keepOnly(indexes: Iterable<TenantGeneration>): Promise<void> {
    const kept = new Set(Array.from(indexes, nameOf));
    for (const name of this.present) {
      if (kept.has(name)) continue;
      await rm(join(this.dir, name), { recursive: true, force: true });
      this.present.delete(name);
    }
  }
}

function nameOf({ tenant, settings }: TenantGeneration): string {
  return digest(tenant, termsKey(settings));
}
