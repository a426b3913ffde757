import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digest } from '../../core/ids.js';
import type { Position } from '../../store/store.js';
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

/** The tenants' folders in a shard's folder, each named by a hash of the tenant's name. */
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

  folder(tenant: string): string {
    return join(this.dir, digest(tenant));
  }

  /** From now on files may be written for it. */
  opened(tenant: string): void {
    this.present.add(digest(tenant));
  }

  /** Undefined where there is nothing of use. */
  async sealed(tenant: string): Promise<SealedFiles | undefined> {
    if (!this.present.has(digest(tenant))) return undefined;
    const folder = this.folder(tenant);
    try {
      const manifest = await readManifest(folder, this.storeId, this.model);
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

  async remove(tenant: string): Promise<void> {
    if (!this.present.delete(digest(tenant))) return;
    await rm(this.folder(tenant), { recursive: true, force: true });
  }

  /** Removes the folders of tenants that have nothing here any more. */
  async keepOnly(tenants: Iterable<string>): Promise<void> {
    const kept = new Set(Array.from(tenants, (tenant) => digest(tenant)));
    for (const name of this.present) {
      if (kept.has(name)) continue;
      await rm(join(this.dir, name), { recursive: true, force: true });
      this.present.delete(name);
    }
  }
}
