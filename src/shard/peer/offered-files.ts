import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OmniError } from '../../core/errors.js';
import { MAX_RANGE_BYTES, type FilesOffered, type ReadFile } from '../../protocol/messages.js';
import type { FileRecord } from '../index/durable-file.js';
import { filesBeside, type Manifest } from '../index/manifest.js';
import type { PinnedFiles } from '../index/pinned-files.js';

/** Others that may copy from this shard at once; further ones are told so, and read the store. */
const MAX_TRANSFERS = 4;
/** An offer of which nothing is read for so long has lost its reader. */
const SILENT_MS = 30_000;
/** In all it may take so many times as long as its bytes do at the full rate, and this much more. */
const MAX_SLOWNESS = 8;
const GRACE_MS = 60_000;

interface Transfer {
  pinned: PinnedFiles;
  /** What may be read, by path below the tenant's folder. */
  files: ReadonlyMap<string, FileRecord>;
  /** Monotonic. */
  endsAtMs: number;
  silence: NodeJS.Timeout;
  onEnd: () => void;
}

/** What others copy from this shard: offers, each with an end, and one bound of bytes a second for all. */
export class OfferedFiles {
  private readonly transfers = new Map<string, Transfer>();
  /** When the bytes that were given by now have had their time; monotonic. */
  private paidUntilMs = 0;

  /**
   * @param bytesPerS what all readers get together; 0: nothing is offered
   * @param silentMs how long an offer waits for its reader
   */
  constructor(
    private readonly bytesPerS: number,
    private readonly silentMs = SILENT_MS,
  ) {}

  /** Throws `unavailable` where this shard gives none, and `overloaded` where too many read already. */
  check(): void {
    if (this.bytesPerS === 0) throw new OmniError('unavailable', 'this shard offers no files');
    if (this.transfers.size < MAX_TRANSFERS) return;
    throw new OmniError('overloaded', 'too many copy from this shard already');
  }

  /** From here on it is this that lets go of what is pinned. `ended` resolves when it has. */
  offer(pinned: PinnedFiles): { offered: FilesOffered; ended: Promise<void> } {
    const transfer = randomUUID();
    const files = filesOf(pinned.manifest);
    const bytes = [...files.values()].reduce((sum, file) => sum + file.bytes, 0);
    const allowedMs = GRACE_MS + (MAX_SLOWNESS * 1_000 * bytes) / this.bytesPerS;
    const ended = new Promise<void>((onEnd) => {
      this.transfers.set(transfer, {
        ...{ pinned, files, onEnd },
        endsAtMs: performance.now() + allowedMs,
        silence: setTimeout(() => this.end(transfer), this.silentMs),
      });
    });
    const manifest = JSON.stringify(pinned.manifest);
    return { offered: { type: 'offered', transfer, manifest }, ended };
  }

  /** Rejects `unavailable` where that range is not on offer any more, or cannot be read. */
  async read({ transfer, file, from, bytes }: ReadFile): Promise<Uint8Array> {
    const offered = this.transfers.get(transfer);
    const record = offered?.files.get(file);
    if (offered === undefined || performance.now() > offered.endsAtMs) {
      this.end(transfer);
      throw new OmniError('unavailable', 'the offer has ended');
    }
    const isWithin =
      record !== undefined && isCount(from) && isCount(bytes) && from + bytes <= record.bytes;
    if (!isWithin || bytes > MAX_RANGE_BYTES) {
      throw new OmniError('unavailable', 'no such range is offered');
    }
    offered.silence.refresh();
    await this.pay(bytes);
    try {
      return await readRange(join(offered.pinned.folder, file), from, bytes);
    } catch (error) {
      throw new OmniError('unavailable', `a file cannot be read: ${String(error)}`);
    }
  }

  end(transfer: string): void {
    const offered = this.transfers.get(transfer);
    if (offered === undefined) return;
    this.transfers.delete(transfer);
    clearTimeout(offered.silence);
    offered.pinned.release();
    offered.onEnd();
  }

  close(): void {
    for (const transfer of [...this.transfers.keys()]) this.end(transfer);
  }

  /** Waits until what was given before has had its time. */
  private async pay(bytes: number): Promise<void> {
    const nowMs = performance.now();
    const startsMs = Math.max(nowMs, this.paidUntilMs);
    this.paidUntilMs = startsMs + (1_000 * bytes) / this.bytesPerS;
    if (startsMs > nowMs) await sleep(startsMs - nowMs, undefined, { ref: false });
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function filesOf(manifest: Manifest): Map<string, FileRecord> {
  const files = new Map(filesBeside(manifest).map((file) => [file.name, file]));
  for (const { folder, components } of manifest.segments) {
    for (const file of components.flatMap((component) => component.files)) {
      files.set(`${folder}/${file.name}`, file);
    }
  }
  return files;
}

async function readRange(path: string, from: number, bytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const range = Buffer.allocUnsafe(bytes);
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await file.read(range, at, bytes - at, from + at);
      if (bytesRead === 0) throw new Error('it is too short');
      at += bytesRead;
    }
    return range;
  } finally {
    await file.close();
  }
}
