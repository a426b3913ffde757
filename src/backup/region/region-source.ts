import { invalidField, OmniError } from '../../core/errors.js';
import { PatientSlices } from '../../core/slices.js';
import { readFull } from '../../store/catalogue-pages.js';
import { isTold, TOLD_KINDS, type RecordLog } from '../../store/copies.js';
import type { FeedEntry, Position, Store } from '../../store/store.js';
import { PageBound } from '../page-bound.js';
import {
  versionedDelete,
  versionedPut,
  type ChangesPosition,
  type ChangesReply,
  type ProductsEnd,
  type RecordsPage,
} from './region-lines.js';

const RECORDS_AT_ONCE = 200;
const TENANTS_AT_ONCE = 500;
/** Some milliseconds of reading: what is longer would hold up searches. */
const ENTRIES_AT_ONCE = 256;
const BYTES_AT_ONCE = 1024 * 1024;

/** What regions read of this store: in pages, from wherever they are. */
export class RegionSource {
  constructor(private readonly store: Store) {}

  /** Which tenants and records changed after `after`. Rejects `invalid_field` where nobody can follow this store. */
  async changes(after: ChangesPosition): Promise<ChangesReply> {
    const { store } = this;
    const log = this.log();
    const asked = after.tenants === undefined ? undefined : positionOf(after.tenants);
    // Tenants first: a tenant that is made in between is met with its record, or next time.
    const changed = await store.changedTenants(asked, TENANTS_AT_ONCE);
    const records = await log.changes(after.records, RECORDS_AT_ONCE);
    return {
      store: store.storeId,
      model: (await store.model()) ?? null,
      tenants: changed.tenants,
      tenants_position: textOf(changed.position),
      records: records.changes,
      records_position: records.position,
      records_expired: records.isExpired,
      at_end: changed.atEnd && records.atEnd,
    };
  }

  /** Records of a kind behind the one called `after`. Rejects `invalid_field` for a kind of which nothing is told. */
  async records(kind: string, after: string | undefined): Promise<RecordsPage> {
    this.log();
    if (!isTold(kind)) throw invalidField('kind', `must be one of ${TOLD_KINDS.join(', ')}`);
    const found = await this.store.records.list(kind, after, RECORDS_AT_ONCE);
    const records = found.map(({ id, value }) => ({ kind, id, value }));
    return { records, at_end: found.length < RECORDS_AT_ONCE };
  }

  /**
   * A page of a tenant's products and deletes behind `after` (undefined: from the start), each at its latest version,
   * in the order of these.
   * @returns lines of JSON
   */
  async products(
    tenant: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<string[]> {
    this.log();
    const { store } = this;
    const lines: string[] = [];
    const bound = new PageBound();
    const slices = new PatientSlices(signal);
    const end: ProductsEnd = { position: after ?? null, at_end: false, damaged: 0 };
    for (let at = after === undefined ? undefined : positionOf(after); ;) {
      if (slices.isOver) await slices.next();
      const page = await store.readFeed(tenant, at, ENTRIES_AT_ONCE, BYTES_AT_ONCE);
      if (page.expired) return [JSON.stringify({ end: { ...end, position: null } })];
      const piece = await this.piece(tenant, page.entries);
      for (const line of piece.lines) {
        lines.push(line);
        bound.add(line.length);
      }
      end.damaged += piece.damaged;
      at = page.position;
      end.position = textOf(at);
      // What changed while it was read stands further on by now.
      end.at_end = page.atEnd && piece.moved === 0;
      if (page.atEnd || !bound.hasRoom) return [...lines, JSON.stringify({ end })];
    }
  }

  private async piece(
    tenant: string,
    entries: readonly FeedEntry[],
  ): Promise<{ lines: string[]; damaged: number; moved: number }> {
    const { store } = this;
    const live = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
    const rows = new Map(
      (await readFull(store, tenant, live)).map((full) => [full.row.product.id, full]),
    );
    // Behind the rows: one that changed in between has another version here.
    const heads = await store.heads(
      tenant,
      entries.map(({ id }) => id),
    );
    const lines: string[] = [];
    let [damaged, moved] = [0, 0];
    for (const [i, { id, version, deleted }] of entries.entries()) {
      const head = heads[i];
      const full = rows.get(id);
      const isAsTold = head === undefined || head.version === version;
      if (deleted) {
        // Without a head it was forgotten meanwhile, or is damaged: it is none the less gone.
        if (isAsTold) lines.push(versionedDelete(id, version, head));
        else moved += 1;
      } else if (full?.row.version === version) lines.push(versionedPut(full));
      else if (full === undefined && isAsTold) damaged += 1;
      else moved += 1;
    }
    return { lines, damaged, moved };
  }

  private log(): RecordLog {
    const { recordLog } = this.store;
    if (recordLog !== undefined) return recordLog;
    const message =
      'the store of this server is followed by members of its own in each region, not over HTTP';
    throw new OmniError('conflict', message, { field: 'store' });
  }
}

function textOf(position: Position): string {
  return Buffer.from(position).toString('base64url');
}

function positionOf(text: string): Position {
  return Buffer.from(text, 'base64url');
}
