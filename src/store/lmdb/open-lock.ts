import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock, unlock } from 'fs-native-extensions';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';

/** Both stay in the folder: whoever made a new one would not meet who holds the old one. */
export const LOCK_FILES = ['opening.lock', 'writing.lock'] as const;
const POLL_MS = 1;
const PATIENCE_MS = 10_000;

/**
 * Keeps openings of the environment apart from commits of all processes. LMDB's `mdb_env_open` reads
 * the number of the latest transaction from the file and sets it in memory that all processes share:
 * a commit in between is taken back, whoever had its acknowledgement (OpenLDAP ITS#9496). Openings
 * for reading do so too.
 *
 * Commits share `writing.lock`, LMDB puts them in order; an opening has it alone. Before, each of them
 * takes `opening.lock`, which an opening keeps: otherwise commits of two busy writers, which overlap,
 * would never leave it a moment. The locks are the kernel's, and end with their process.
 */
export class OpenLock {
  /** The locks of one descriptor are one lock: what this process does is kept apart here. */
  private isHeld = false;

  private constructor(
    private readonly gate: FileHandle,
    private readonly main: FileHandle,
  ) {}

  /** Of the store in `dir`, which is there. Throws what the file system throws. */
  static async in(dir: string): Promise<OpenLock> {
    const [gateName, mainName] = LOCK_FILES;
    const gate = await open(join(dir, gateName), 'a+', 0o600);
    try {
      return new OpenLock(gate, await open(join(dir, mainName), 'a+', 0o600));
    } catch (error) {
      await gate.close();
      throw error;
    }
  }

  /** Runs `action` while nobody else opens or commits; rejects with `unavailable` if that never comes. */
  async opening<T>(action: () => Promise<T> | T): Promise<T> {
    await poll(() => !this.isHeld && tryLock(this.gate.fd));
    this.isHeld = true;
    try {
      await poll(() => tryLock(this.main.fd));
      return await action();
    } finally {
      this.letGo();
    }
  }

  /** The same at once, if it can be; otherwise false, and `action` did not run. */
  tryOpening(action: () => void): boolean {
    if (this.isHeld || !tryLock(this.gate.fd)) return false;
    this.isHeld = true;
    try {
      if (!tryLock(this.main.fd)) return false;
      action();
      return true;
    } finally {
      this.letGo();
    }
  }

  /** Runs `commit` while nobody opens; rejects with `unavailable` if that never comes. */
  async writing<T>(commit: () => Promise<T>): Promise<T> {
    await poll(() => this.tryWriting());
    try {
      return await commit();
    } finally {
      this.letGo();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.gate.close(), this.main.close()]);
  }

  private tryWriting(): boolean {
    if (this.isHeld || !tryLock(this.gate.fd, { shared: true })) return false;
    this.isHeld = tryLock(this.main.fd, { shared: true });
    unlock(this.gate.fd);
    return this.isHeld;
  }

  private letGo(): void {
    this.isHeld = false;
    unlock(this.main.fd);
    unlock(this.gate.fd);
  }
}

async function poll(isDone: () => boolean): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (!isDone()) {
    if (performance.now() > giveUpAtMs) {
      const message = `other processes have kept the store busy for ${PATIENCE_MS / 1000} s`;
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    await sleep(POLL_MS);
  }
}
