import { randomUUID } from 'node:crypto';
import type { Searcher } from '../index/searcher.js';
import type { TenantIndex } from '../index/tenant-index.js';

export interface PinLimits {
  /** Kept at once, in all and of one tenant. */
  total: number;
  ofTenant: number;
}

/** Each holds the files of segments that were merged away meanwhile. */
const LIMITS: PinLimits = { total: 256, ofTenant: 32 };

interface Pin {
  index: TenantIndex;
  searcher: Searcher;
  timer: NodeJS.Timeout;
}

/**
 * What the first phase of an exact search has counted, kept for its second: released when that has
 * come, or at its deadline. Where too many are kept a search goes without, which is the same while
 * nothing is written.
 */
export class PinnedSearchers {
  private readonly pins = new Map<string, Pin>();
  private readonly ofTenant = new Map<TenantIndex, number>();
  private closed = false;

  constructor(private readonly limits: PinLimits = LIMITS) {}

  /** The name under which `take` finds it; undefined where it is not kept, and the caller's to release. */
  keep(index: TenantIndex, searcher: Searcher, forMs: number): string | undefined {
    if (!this.hasRoom(index, forMs)) return undefined;
    return this.put(randomUUID(), index, searcher, forMs);
  }

  /** The same for one that was taken, under its old name. */
  keepOn(name: string, index: TenantIndex, searcher: Searcher, forMs: number): boolean {
    return this.hasRoom(index, forMs) && this.put(name, index, searcher, forMs) === name;
  }

  private hasRoom(index: TenantIndex, forMs: number): boolean {
    const held = this.ofTenant.get(index) ?? 0;
    const { total, ofTenant } = this.limits;
    return !this.closed && this.pins.size < total && held < ofTenant && forMs > 0;
  }

  private put(name: string, index: TenantIndex, searcher: Searcher, forMs: number): string {
    const timer = setTimeout(() => this.take(name, index)?.release(), forMs);
    this.pins.set(name, { index, searcher, timer });
    this.ofTenant.set(index, (this.ofTenant.get(index) ?? 0) + 1);
    return name;
  }

  /** What was kept of this index, now the caller's; undefined when it is not known or gone. */
  take(name: string | undefined, index: TenantIndex): Searcher | undefined {
    const pin = name === undefined ? undefined : this.pins.get(name);
    if (name === undefined || pin?.index !== index) return undefined;
    clearTimeout(pin.timer);
    this.pins.delete(name);
    const left = (this.ofTenant.get(index) ?? 1) - 1;
    if (left === 0) this.ofTenant.delete(index);
    else this.ofTenant.set(index, left);
    return pin.searcher;
  }

  /** Lets go of all, and keeps no more: files are not closed while one is kept. */
  close(): void {
    this.closed = true;
    for (const [name, { index }] of [...this.pins]) this.take(name, index)?.release();
  }

  /** Lets go of an index that is being closed. */
  drop(index: TenantIndex): void {
    for (const [name, pin] of [...this.pins]) {
      if (pin.index === index) this.take(name, index)?.release();
    }
  }
}
