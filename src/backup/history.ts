import { randomBytes } from 'node:crypto';
import { OmniError } from '../core/errors.js';
import { giveWay } from '../core/precedence.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { backOff } from '../core/retry.js';
import { readFull } from '../store/catalogue-pages.js';
import type { ProductWrite, Store, StoredHead } from '../store/store.js';
import { tenantRecordId, tenantRecordIds, tenantRecords } from '../store/tenant-records.js';
import { HistoryTerm } from './history-term.js';
import { putText, type PutLine } from './lines.js';
import { keepsChanging } from './copy-writer.js';

const HISTORY_KIND = 'history';
const TIME_DIGITS = 13;
const RANDOM_BYTES = 6;
/** A record is closed by the product that brings it to this: far below what a document of MongoDB may have. */
const RECORD_BYTES = 1024 * 1024;
/** None is ever changed. */
const REVISION = 1;
const SWEPT_AT_ONCE = 100;
const MAX_ATTEMPTS = 8;
const BACKOFF_MS = 2;

/** What a product was before a write. */
export interface Before {
  id: string;
  /** Null: it was not there. */
  was: PutLine | null;
}

/**
 * What products were before each write, as records, for as long as the store's term says (`HISTORY_DAYS`). A batch's is
 * stored before the batch is written: one whose writer died in between, or that changed nothing after all, says what
 * still is, and does no harm.
 */
export class History {
  private readonly term: HistoryTerm;

  constructor(private readonly store: Store) {
    this.term = new HistoryTerm(store.records);
  }

  /**
   * Has all writes of the store noted while its history is kept. `days`: how long it is from now on, for whoever writes;
   * 0: no longer; undefined: as the store has it.
   */
  async begin(days: number | undefined): Promise<void> {
    const { store, term } = this;
    if (days !== undefined) await term.set(days);
    const write = store.write.bind(store);
    store.write = async (tenant, writes, ...rest) => {
      if (await term.isKept()) await this.note(tenant, writes);
      return write(tenant, writes, ...rest);
    };
  }

  /** Rejects `conflict` where nothing is known of that time. */
  async check(toMs: number): Promise<void> {
    const firstMs = await this.term.firstMs();
    if (firstMs === undefined) {
      throw new OmniError('conflict', 'no history is kept: start with HISTORY_DAYS first');
    }
    if (toMs >= firstMs && toMs <= Date.now()) return;
    const since = new Date(firstMs).toISOString();
    throw new OmniError('conflict', `the history goes from ${since} until now`, { field: 'to' });
  }

  /** What was noted after `fromMs`, up to `untilMs`, oldest first. */
  async *since(tenant: string, fromMs: number, untilMs: number): AsyncGenerator<Before[]> {
    const until = timeText(untilMs + 1);
    for (let after = timeText(fromMs + 1); ;) {
      const [next] = await tenantRecords(this.store.records, HISTORY_KIND, tenant, after, 1);
      if (next === undefined || next.id >= until) return;
      yield next.value['rows'] as unknown as Before[];
      after = next.id;
      await giveWay();
    }
  }

  /** Removes what is older than the store's term; all, where none is kept. */
  async sweep(tenant: string, signal: AbortSignal): Promise<void> {
    const { records } = this.store;
    const before = timeText((await this.term.firstMs()) ?? Date.now());
    const asked = { before, limit: SWEPT_AT_ONCE };
    for (let after: string | undefined; ;) {
      const ids = await tenantRecordIds(records, HISTORY_KIND, tenant, { ...asked, after });
      for (const id of ids) {
        signal.throwIfAborted();
        await records.remove(HISTORY_KIND, tenantRecordId(tenant, id), REVISION);
        await giveWay();
      }
      if (ids.length < SWEPT_AT_ONCE) return;
      after = ids.at(-1);
    }
  }

  private async note(tenant: string, writes: readonly ProductWrite[]): Promise<void> {
    let batch: JsonObject[] = [];
    let bytes = 0;
    for (const [id, line] of await this.linesBefore(tenant, writes)) {
      batch.push({ id, was: line === undefined ? null : (JSON.parse(line) as JsonValue) });
      bytes += line?.length ?? 0;
      if (bytes < RECORD_BYTES) continue;
      await this.put(tenant, batch);
      [batch, bytes] = [[], 0];
    }
    if (batch.length > 0) await this.put(tenant, batch);
  }

  /**
   * Lines of the products that `writes` change, as they are now; undefined: not there. What others change between two
   * reads is read again. Rejects `unavailable` where one keeps changing.
   */
  private async linesBefore(
    tenant: string,
    writes: readonly ProductWrite[],
  ): Promise<Map<string, string | undefined>> {
    const { store } = this;
    const lines = new Map<string, string | undefined>();
    let left = [...new Set(writes.map(({ id }) => id))];
    let met = new Map<string, number>();
    for (let attempt = 1; left.length > 0; attempt++) {
      if (attempt > MAX_ATTEMPTS) throw keepsChanging(tenant);
      if (attempt > 1) await backOff(attempt, BACKOFF_MS);
      const heads = await store.heads(tenant, left);
      const known = new Map(left.map((id, i) => [id, heads[i]]));
      const changing = left.filter((id) => isChanged(id, known.get(id), writes));
      const live = changing.filter((id) => known.get(id)?.deleted === false);
      const rows = await readFull(store, tenant, live);
      const read = new Map(rows.map((row) => [row.row.product.id, putText(row)]));
      for (const id of changing) {
        if (read.has(id) || known.get(id)?.deleted !== false) lines.set(id, read.get(id));
      }
      const before = met;
      met = new Map(live.map((id) => [id, known.get(id)?.version ?? 0]));
      // Twice the same head and no row: it is damaged, and its writer may put it right.
      left = live.filter((id) => !read.has(id) && before.get(id) !== met.get(id));
    }
    return lines;
  }

  private async put(tenant: string, rows: JsonObject[]): Promise<void> {
    const name = `${timeText(Date.now())}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
    const id = tenantRecordId(tenant, name);
    await this.store.records.put(HISTORY_KIND, id, { rows }, 0);
  }
}

/** Whether any of `writes` makes another product of the one that `head` is of, as far as can be seen. */
function isChanged(
  id: string,
  head: StoredHead | undefined,
  writes: readonly ProductWrite[],
): boolean {
  const isThere = head?.deleted === false;
  return writes.some((write) => {
    // What is archived is none the less there.
    if (write.id !== id || (write.op === 'delete' && write.archive !== undefined)) return false;
    if (write.op !== 'put' || !isThere) return isThere || write.op === 'put';
    return head.contentHash !== write.contentHash || head.embedHash !== write.embedHash;
  });
}

/** In the order of time, as text. */
function timeText(ms: number): string {
  return String(Math.max(0, Math.floor(ms))).padStart(TIME_DIGITS, '0');
}
