import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupKey } from './backup-key.js';
import { sealChunk, sha256Of } from './chunk-codec.js';
import type { ChunkEntry } from './manifest.js';
import type { BackupTarget } from './target.js';

/** A chunk is closed by the page that brings it to this; pages have some 4 MiB. */
const CHUNK_BYTES = 12 * 1024 * 1024;

interface WriterOptions {
  /** The backup's name. */
  name: string;
  key: BackupKey | undefined;
  /** Text that may be taken in a second; undefined: any. */
  maxBytesPerS: number | undefined;
}

/** Gathers lines, and writes them as chunks, one after the other: at most one is held besides the one being written. */
export class ChunkWriter {
  private lines: string[] = [];
  private bytes = 0;
  private readonly tenants = new Set<string>();
  private readonly startedMs = performance.now();
  private taken = 0;

  constructor(
    private readonly target: BackupTarget,
    private readonly options: WriterOptions,
    /** How many there are already. */
    private count: number,
  ) {}

  /** @param tenant whose products these are; undefined: records */
  add(text: string, tenant: string | undefined): void {
    this.lines.push(text);
    this.bytes += text.length;
    this.taken += text.length;
    if (tenant !== undefined) this.tenants.add(tenant);
  }

  get isFull(): boolean {
    return this.bytes >= CHUNK_BYTES;
  }

  /** Writes what was gathered; undefined: that is nothing. */
  async flush(): Promise<ChunkEntry | undefined> {
    if (this.lines.length === 0) return undefined;
    const text = this.lines.join('');
    const { name, key } = this.options;
    const file = `${String(this.count).padStart(5, '0')}.ndjson.gz${key === undefined ? '' : '.enc'}`;
    const stored = await sealChunk(text, `${name}/${file}`, key);
    await this.target.write(`${name}/${file}`, stored);
    const entry: ChunkEntry = {
      ...{ file, bytes: stored.length, sha256: sha256Of(stored) },
      ...{ raw_bytes: Buffer.byteLength(text), tenants: [...this.tenants] },
    };
    this.count += 1;
    [this.lines, this.bytes] = [[], 0];
    this.tenants.clear();
    return entry;
  }

  /** Until there is room for more by its rate. */
  async keepRate(): Promise<void> {
    const { maxBytesPerS } = this.options;
    if (maxBytesPerS === undefined) return;
    const dueMs = (this.taken / maxBytesPerS) * 1_000 - (performance.now() - this.startedMs);
    if (dueMs > 0) await sleep(dueMs);
  }
}
