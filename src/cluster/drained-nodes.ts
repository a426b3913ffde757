import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';
import { KeptView } from './kept-view.js';

/** The kind of the records that say what is to be done with a node: their ids are nodes' names. */
const KIND = 'node';
const MAX_NODES = 10_000;
const MAX_ATTEMPTS = 5;

/** Nodes on which nothing is to be placed any more. Each process's view is a second old at most. */
export class DrainedNodes {
  private readonly kept: KeptView<ReadonlySet<string>>;

  constructor(
    private readonly records: RecordStore,
    now?: () => number,
  ) {
    this.kept = new KeptView(async () => {
      const found = await records.list(KIND, undefined, MAX_NODES);
      return new Set(found.filter(({ value }) => value['drained'] === true).map(({ id }) => id));
    }, now);
  }

  names(): Promise<ReadonlySet<string>> {
    return this.kept.get();
  }

  async isDrained(name: string): Promise<boolean> {
    return (await this.names()).has(name);
  }

  async drain(name: string): Promise<void> {
    await this.change(name, true);
  }

  async undrain(name: string): Promise<void> {
    await this.change(name, false);
  }

  /** As it is now. */
  refresh(): Promise<ReadonlySet<string>> {
    return this.kept.refresh();
  }

  private async change(name: string, isDrained: boolean): Promise<void> {
    const at = { kind: KIND, id: name, what: 'the node', attempts: MAX_ATTEMPTS };
    await changeRecord(this.records, at, (stored) => {
      if (!isDrained) return 'gone';
      return stored?.value['drained'] === true ? undefined : { ...stored?.value, drained: true };
    });
    await this.refresh();
  }
}
