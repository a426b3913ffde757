import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';

/** The kind of the records that say what is to be done with a node: their ids are nodes' names. */
const KIND = 'node';
/** How old a process's view may be. */
const MAX_AGE_MS = 1_000;
const MAX_NODES = 10_000;
const MAX_ATTEMPTS = 5;

/** Nodes on which nothing is to be placed any more. Each process's view is a second old at most. */
export class DrainedNodes {
  private kept: { names: ReadonlySet<string>; asOfMs: number } | undefined;

  constructor(
    private readonly records: RecordStore,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async names(): Promise<ReadonlySet<string>> {
    const { kept } = this;
    if (kept !== undefined && this.now() - kept.asOfMs < MAX_AGE_MS) return kept.names;
    return this.refresh();
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
  async refresh(): Promise<ReadonlySet<string>> {
    const asOfMs = this.now();
    const records = await this.records.list(KIND, undefined, MAX_NODES);
    const drained = records.filter(({ value }) => value['drained'] === true);
    const names = new Set(drained.map(({ id }) => id));
    if (this.kept === undefined || this.kept.asOfMs <= asOfMs) this.kept = { names, asOfMs };
    return names;
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
