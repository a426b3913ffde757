import { stat } from 'node:fs/promises';
import type { ModelIdentity } from '../core/product.js';
import { RepeatedWork } from '../core/repeated-work.js';
import { loadCache, saveCache } from './cache-file.js';
import type { EmbeddingCache } from './embedding-cache.js';

/** Entries of the cache that are kept over a restart: 10 MB of 512 dimensions. */
const SAVED_ENTRIES = 5_000;
/** How often they are exchanged with those of the other query nodes that share the file, where there are new ones. */
const EXCHANGE_EVERY_MS = 10_000;

/** The embeddings that query nodes with one folder share by a file. */
export class SharedCache {
  private readonly exchanging = new RepeatedWork(() => this.exchange(), EXCHANGE_EVERY_MS);
  /** Texts that were not in the cache when it was written last. */
  private savedMisses = 0;
  /** When the file was written last, as far as is known here. */
  private seenAtMs: number | undefined;

  constructor(
    private readonly file: string,
    private readonly cache: EmbeddingCache,
    private readonly model: ModelIdentity,
  ) {}

  /** Takes what the file has; exchanges from here on. */
  async open(): Promise<void> {
    await this.take();
    this.exchanging.start();
  }

  async close(): Promise<void> {
    await this.exchanging.close();
    await this.save();
  }

  /** Takes what others have written, and writes what is new here. What cannot be written is written the next time. */
  private async exchange(): Promise<void> {
    const { misses } = this.cache.status();
    if (misses === this.savedMisses) {
      if ((await this.writtenAt()) !== this.seenAtMs) await this.take();
      return;
    }
    try {
      await this.save();
      this.savedMisses = misses;
      this.seenAtMs = await this.writtenAt();
    } catch {
      // A full disk, say.
    }
  }

  private async take(): Promise<void> {
    this.seenAtMs = await this.writtenAt();
    await loadCache(this.file, this.cache, this.model);
  }

  private save(): Promise<void> {
    return saveCache(this.file, this.cache, this.model, SAVED_ENTRIES);
  }

  /** By the clock of the file system; undefined: it is not there. */
  private async writtenAt(): Promise<number | undefined> {
    return stat(this.file).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
  }
}
