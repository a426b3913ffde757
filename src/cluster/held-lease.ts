import { randomUUID } from 'node:crypto';
import type { RecordStore } from '../store/record-store.js';
import { LEASE_KIND, valueOfLease, type Lease } from './lease.js';

/** The lease of this process: one small write a beat. */
export class HeldLease {
  readonly node = randomUUID();
  /** As it is stored, 0 where it is not; undefined: a change had no answer, or somebody else removed it. */
  private revision: number | undefined = 0;

  constructor(
    private readonly records: RecordStore,
    private readonly says: Omit<Lease, 'node' | 'load'>,
  ) {}

  /** Shows that this process lives. Rejects as the store does; the next beat mends it. */
  async beat(load: number): Promise<void> {
    const revision = this.revision ?? (await this.stored());
    this.revision = undefined;
    const value = valueOfLease({ ...this.says, load });
    if (await this.records.put(LEASE_KIND, this.node, value, revision)) {
      this.revision = revision + 1;
    }
  }

  /** Says that this process takes nothing new. Rejects as the store does: the lease runs out then. */
  async release(): Promise<void> {
    const revision = this.revision ?? (await this.stored());
    if (revision > 0) await this.records.remove(LEASE_KIND, this.node, revision);
    this.revision = 0;
  }

  private async stored(): Promise<number> {
    return (await this.records.get(LEASE_KIND, this.node))?.revision ?? 0;
  }
}
