import { randomBytes } from 'node:crypto';
import { DAY_MS } from '../core/days.js';
import { OmniError } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { readFull } from '../store/catalogue-pages.js';
import type { ProductWrite, Store } from '../store/store.js';
import { tenantRecordId, tenantRecords } from '../store/tenant-records.js';
import { putText, type PutLine } from './lines.js';

const HISTORY_KIND = 'history';
/** Since when all is noted; there while it is. */
const START_KIND = 'history start';
const START_ID = 'all';
const TIME_DIGITS = 13;
const RANDOM_BYTES = 6;
/** A record is closed by the product that brings it to this: far below what a document of MongoDB may have. */
const RECORD_BYTES = 1024 * 1024;
/** Each with its products and their vectors. */
const READ_AT_ONCE = 4;
const MAX_ATTEMPTS = 3;

/** What a product was before a write. */
export interface Before {
  id: string;
  /** Null: it was not there. */
  was: PutLine | null;
}

/**
 * What products were before each write, as records: from the time on at which a node was first started with
 * `HISTORY_DAYS`, for so many days. A batch's is stored before the batch is written: one whose writer died in between, or
 * that changed nothing after all, says what still is, and does no harm.
 */
export class History {
  constructor(
    private readonly store: Store,
    private readonly days: number,
  ) {}

  /** Has all writes of the store noted from now on; without days, no longer. */
  async begin(): Promise<void> {
    const { store, days } = this;
    await this.keepStart();
    if (days === 0) return;
    const write = store.write.bind(store);
    store.write = async (tenant, writes) => {
      await this.note(tenant, writes);
      return write(tenant, writes);
    };
  }

  private async keepStart(): Promise<void> {
    const { records } = this.store;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const stored = await records.get(START_KIND, START_ID);
      if ((stored !== undefined) === this.days > 0) return;
      const isDone =
        stored === undefined
          ? await records.put(START_KIND, START_ID, { at: new Date().toISOString() }, 0)
          : await records.remove(START_KIND, START_ID, stored.revision);
      if (isDone) return;
    }
  }

  /** Rejects `conflict` where nothing is known of that time. */
  async check(toMs: number): Promise<void> {
    const start = (await this.store.records.get(START_KIND, START_ID))?.value['at'];
    if (typeof start !== 'string' || this.days === 0) {
      throw new OmniError('conflict', 'no history is kept: start with HISTORY_DAYS first');
    }
    const firstMs = Math.max(Date.parse(start), Date.now() - this.days * DAY_MS);
    if (toMs >= firstMs && toMs <= Date.now()) return;
    const since = new Date(firstMs).toISOString();
    throw new OmniError('conflict', `the history goes from ${since} until now`, { field: 'to' });
  }

  /** What was noted after `fromMs`, up to `untilMs`, oldest first. */
  async *since(tenant: string, fromMs: number, untilMs: number): AsyncGenerator<Before[]> {
    const until = timeText(untilMs + 1);
    for (let after = timeText(fromMs + 1); ;) {
      const { records } = this.store;
      const page = await tenantRecords(records, HISTORY_KIND, tenant, after, READ_AT_ONCE);
      for (const { id, value } of page) {
        if (id >= until) return;
        yield value['rows'] as unknown as Before[];
      }
      const last = page.at(-1);
      if (last === undefined || page.length < READ_AT_ONCE) return;
      after = last.id;
    }
  }

  /** Removes what is older than so many days; all, where none is kept. */
  async sweep(tenant: string, signal: AbortSignal): Promise<void> {
    const { records } = this.store;
    const end = timeText(Date.now() - this.days * DAY_MS);
    for (;;) {
      signal.throwIfAborted();
      const found = await tenantRecords(records, HISTORY_KIND, tenant, undefined, READ_AT_ONCE);
      const due = found.filter(({ id }) => id < end);
      for (const { id, revision } of due) {
        await records.remove(HISTORY_KIND, tenantRecordId(tenant, id), revision);
      }
      if (due.length < READ_AT_ONCE) return;
    }
  }

  private async note(tenant: string, writes: readonly ProductWrite[]): Promise<void> {
    const { store } = this;
    const ids = [...new Set(writes.map(({ id }) => id))];
    const heads = await store.heads(tenant, ids);
    const known = new Map(ids.map((id, i) => [id, heads[i]]));
    const changing = ids.filter((id) =>
      writes.some((write) => {
        const head = known.get(id);
        if (write.id !== id) return false;
        const isThere = head?.deleted === false;
        if (write.op !== 'put') return isThere;
        return (
          !isThere || head.contentHash !== write.contentHash || head.embedHash !== write.embedHash
        );
      }),
    );
    if (changing.length === 0) return;
    const live = changing.filter((id) => known.get(id)?.deleted === false);
    const rows = await readFull(store, tenant, live);
    const lines = new Map(rows.map((row) => [row.row.product.id, putText(row)]));
    let batch: JsonObject[] = [];
    let bytes = 0;
    for (const id of changing) {
      const line = lines.get(id);
      // Changed by another between two reads, who notes it; or damaged.
      if (line === undefined && known.get(id)?.deleted === false) continue;
      batch.push({ id, was: line === undefined ? null : (JSON.parse(line) as JsonValue) });
      bytes += line?.length ?? 0;
      if (bytes < RECORD_BYTES) continue;
      await this.put(tenant, batch);
      [batch, bytes] = [[], 0];
    }
    if (batch.length > 0) await this.put(tenant, batch);
  }

  private async put(tenant: string, rows: JsonObject[]): Promise<void> {
    const name = `${timeText(Date.now())}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
    const id = tenantRecordId(tenant, name);
    await this.store.records.put(HISTORY_KIND, id, { rows }, 0);
  }
}

/** In the order of time, as text. */
function timeText(ms: number): string {
  return String(Math.max(0, Math.floor(ms))).padStart(TIME_DIGITS, '0');
}
