import type { StoreReader } from '../../store/store.js';
import type { TenantIndex } from '../index/tenant-index.js';

/** Entries that follow are counted up to here. */
const BEHIND_LIMIT = 10_000;

/** Entries that were applied, over all tenants of a shard; it only grows. */
export interface AppliedCount {
  entries: number;
}

/** How many entries of the feed are known to follow: counted by the store once, and then as they are read. */
export class Behind {
  entries = 0;

  constructor(
    private readonly store: StoreReader,
    private readonly index: TenantIndex,
  ) {}

  /** Nothing that is not here is to be read. */
  none(): void {
    this.entries = 0;
  }

  /** What follows could not be read or applied: there may be something, whatever was known. */
  failed(): void {
    this.entries = Math.max(1, this.entries);
  }

  /** The index has advanced by so many entries. */
  async advanced(read: number, atEnd: boolean): Promise<void> {
    const { tenant, position } = this.index;
    if (atEnd) this.entries = 0;
    else if (this.entries > read) this.entries -= read;
    else this.entries = await this.store.behind(tenant, position, BEHIND_LIMIT);
  }
}
