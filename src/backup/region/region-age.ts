import { RepeatedWork } from '../../core/repeated-work.js';
import { changeRecord } from '../../store/change-record.js';
import type { RecordStore } from '../../store/record-store.js';
import { AGE_KIND } from './region-records.js';

const ID = 'all';
const LOOK_EVERY_MS = 1_000;
const MAX_ATTEMPTS = 6;

/**
 * How old what this region serves may be: the time since the question to which its primary gave all that was written by
 * then. Kept in the store, for other processes of this machine, and for the time after a restart.
 */
export class RegionAge {
  /** Epoch ms by this machine's clock. */
  private caughtUpMs: number | undefined;
  private storedMs: number | undefined;
  private readonly looking: RepeatedWork;

  /** @param isOwn whether this process follows; else it looks what the one that does has noted */
  constructor(
    private readonly records: RecordStore,
    private readonly isOwn: boolean,
    private readonly now: () => number = Date.now,
  ) {
    this.looking = new RepeatedWork(
      () => (isOwn ? this.keep() : this.load()).catch(() => undefined),
      LOOK_EVERY_MS,
    );
  }

  /** Resolves once it is known what was noted. */
  async start(): Promise<void> {
    await this.load();
    this.looking.start();
  }

  async close(): Promise<void> {
    await this.looking.close();
    if (this.isOwn) await this.keep().catch(() => undefined);
  }

  /** Milliseconds; undefined: nothing was ever copied as a whole. */
  get lagMs(): number | undefined {
    return this.caughtUpMs === undefined ? undefined : Math.max(0, this.now() - this.caughtUpMs);
  }

  /** All that the primary had at that time is here. */
  caughtUp(atMs: number): void {
    this.caughtUpMs = atMs;
  }

  private async load(): Promise<void> {
    const stored = await this.records.get(AGE_KIND, ID);
    const atMs = stored?.value['caught_up_ms'];
    if (typeof atMs === 'number') this.caughtUpMs = atMs;
  }

  private async keep(): Promise<void> {
    const { caughtUpMs } = this;
    if (caughtUpMs === undefined || caughtUpMs === this.storedMs) return;
    const at = { kind: AGE_KIND, id: ID, what: "the region's age", attempts: MAX_ATTEMPTS };
    await changeRecord(this.records, at, () => ({ caught_up_ms: caughtUpMs }));
    this.storedMs = caughtUpMs;
  }
}
