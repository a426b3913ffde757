import type { RecordStore } from '../store/record-store.js';

const KIND = 'node zone';
const MAX_NODES = 10_000;

/**
 * The zone that each node last told of. Remembered in the store: what sets of nodes there are must not
 * depend on which of them happen to answer when a process starts.
 */
export class KnownZones {
  private readonly zones = new Map<string, string>();

  constructor(private readonly records: RecordStore) {}

  async load(): Promise<void> {
    for (const { id, value } of await this.records.list(KIND, undefined, MAX_NODES)) {
      if (typeof value['zone'] === 'string') this.zones.set(id, value['zone']);
    }
  }

  of(node: string): string | undefined {
    return this.zones.get(node);
  }

  /** Keeps what nodes say of themselves. Reads and writes nothing where that is known. */
  async note(told: Iterable<readonly [node: string, zone: string | undefined]>): Promise<void> {
    for (const [node, zone] of told) {
      if (this.zones.get(node) !== zone) await this.keep(node, zone);
    }
  }

  /** Where another process changes it in the same moment, it says the same. */
  private async keep(node: string, zone: string | undefined): Promise<void> {
    const stored = await this.records.get(KIND, node);
    if (zone === undefined) {
      if (stored !== undefined) await this.records.remove(KIND, node, stored.revision);
      this.zones.delete(node);
      return;
    }
    if (stored?.value['zone'] !== zone) {
      await this.records.put(KIND, node, { zone }, stored?.revision ?? 0);
    }
    this.zones.set(node, zone);
  }
}
