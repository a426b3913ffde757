import type { Logger } from '../core/logger.js';
import { asksFound } from '../filter/tier-rule.js';
import { restartFound } from '../store/found-clock.js';
import { foundPosition, noteFound } from '../store/found-marks.js';
import type { RecordStore } from '../store/record-store.js';
import type { TenantDirectory } from './tenant-directory.js';

/** What an answer gives of a product; with `group` also others of its group. */
export interface FoundHit {
  id: string;
  extras?: { group?: { hits: readonly { id: string }[] } } | undefined;
}

export interface FoundLogDeps {
  records: RecordStore;
  tenants: Pick<TenantDirectory, 'known'>;
  logger: Logger;
  /** Epoch ms. */
  now?: () => number;
}

/** How long what was found stays in this process; a crash loses so much of it. */
const FLUSH_MS = 5 * 60_000;
/** With so many, over all tenants, they are written at once. */
const FLUSH_AT = 50_000;
/** More than the largest batch returns beside that; some megabytes. */
const MAX_PENDING = 250_000;
/** Tenants that are written at a time. */
const AT_ONCE = 4;

/**
 * Notes which products searches return, for tenants whose rule of tiers goes by that: in memory, and every few minutes
 * in the store's records, to which every node adds. Of other tenants nothing is kept.
 */
export class FoundLog {
  private pending = new Map<string, Set<number>>();
  private size = 0;
  /** Tenants of which something was not noted that was found. */
  private readonly lost = new Set<string>();
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private readonly now: () => number;

  constructor(private readonly deps: FoundLogDeps) {
    this.now = deps.now ?? (() => Date.now());
  }

  /** These are given to a shopper. */
  returned(tenant: string, hits: readonly FoundHit[]): void {
    if (hits.length === 0 || this.closed) return;
    if (!asksFound(this.deps.tenants.known(tenant)?.settings['tiers'])) return;
    for (const { id, extras } of hits) {
      this.add(tenant, foundPosition(id));
      for (const other of extras?.group?.hits ?? []) this.add(tenant, foundPosition(other.id));
    }
    this.flushLater();
  }

  /** Writes what was found. Never rejects. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.write());
    return this.flushing;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.flush();
  }

  private flushLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, FLUSH_MS).unref();
  }

  private add(tenant: string, position: number): void {
    const found = this.pending.get(tenant) ?? new Set();
    if (found.has(position)) return;
    if (this.size >= MAX_PENDING) {
      this.lost.add(tenant);
      return;
    }
    found.add(position);
    this.pending.set(tenant, found);
    this.size += 1;
    // Where that fails, it is tried again at its time.
    if (this.size === FLUSH_AT) void this.flush();
  }

  private async write(): Promise<void> {
    const due = this.pending;
    const lost = [...this.lost];
    this.pending = new Map();
    this.size = 0;
    this.lost.clear();
    const left = due.entries();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const [tenant, found] of left) await this.note(tenant, found);
      }),
    );
    for (const tenant of lost) await this.restart(tenant);
    // Also where nothing more is found.
    const isLeft = this.pending.size > 0 || this.lost.size > 0;
    if (isLeft && !this.closed) this.flushLater();
  }

  private async note(tenant: string, found: Set<number>): Promise<void> {
    const { records, logger } = this.deps;
    try {
      await noteFound(records, tenant, found, this.now());
    } catch (err) {
      logger.warn({ err, tenant }, 'what searches found is not noted yet: it is tried again');
      const meanwhile = this.pending.get(tenant) ?? new Set();
      for (const position of meanwhile) found.add(position);
      this.pending.set(tenant, found);
      this.size += found.size - meanwhile.size;
    }
  }

  /** Of a tenant of which something is missing days are counted from now on. */
  private async restart(tenant: string): Promise<void> {
    const { records, logger } = this.deps;
    try {
      await restartFound(records, tenant, this.now());
      logger.warn({ tenant }, 'too much was found to be noted: days are counted from now on');
    } catch {
      this.lost.add(tenant);
    }
  }
}
