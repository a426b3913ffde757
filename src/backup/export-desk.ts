import { OmniError } from '../core/errors.js';
import { PatientSlices } from '../core/slices.js';
import { readFull, type FullRow } from '../store/catalogue-pages.js';
import { beginReading, readOn, type FeedReading } from '../store/feed-pages.js';
import type { ModelIdentity } from '../core/product.js';
import type { FeedEntry, StoreReader } from '../store/store.js';
import { bytesText, readingCursor, readingOf, recordCursor, recordPlaceOf } from './cursors.js';
import { putText, type BackupLine, type PageEnd } from './lines.js';
import { RECORD_KINDS, recordPage, tenantOf } from './record-kinds.js';

/** Some milliseconds of reading: what is longer would hold up searches. */
const ENTRIES_AT_ONCE = 256;
const BYTES_AT_ONCE = 1024 * 1024;
const MAX_ATTEMPTS = 4;
const RECORDS_AT_ONCE = 100;
/** About as much as a reply has, as text. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** A page ends where it is by then. */
const PAGE_MS = 5_000;
const MAX_NAMED = 100;
/** Of what was written during an export, some millions of products: its writers are faster than it is. */
const MAX_MORE_READS = 20_000;
/** The last "kind" of the walk over records. */
const PLACEMENT = 'placement';
const KINDS = [...RECORD_KINDS, PLACEMENT];

/** What is exported from. */
export interface ExportHead {
  /** Identity of the store: positions are its own. */
  store: string;
  model: ModelIdentity | undefined;
  tenants: string[];
}

type Counts = Omit<PageEnd['end'], 'cursor' | 'position'>;

/**
 * The catalogue and all records as lines, in pages that whoever asks goes on from. All that was acknowledged before
 * the first page of a tenant was asked for is on its pages, whoever writes meanwhile.
 */
export class ExportDesk {
  constructor(private readonly store: StoreReader) {}

  async head(): Promise<ExportHead> {
    const [model, tenants] = [await this.store.model(), await this.store.tenants()];
    return { store: this.store.storeId, model, tenants };
  }

  /**
   * Lines of a page of a tenant's products, and the page's end: from `cursor` on, or all that was written after
   * `since`, or all. Where tombstones behind `since` are forgotten, all, behind a `reset`. Rejects `conflict` where it is
   * written faster than it is read, so that the end is never met.
   */
  async *products(
    tenant: string,
    { cursor, since }: { cursor?: string | undefined; since?: string | undefined },
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    const after = since === undefined ? undefined : Buffer.from(since, 'base64');
    let reading: FeedReading | undefined =
      cursor === undefined
        ? await beginReading(this.store, tenant, after, true)
        : readingOf(cursor);
    if (reading.morePages > MAX_MORE_READS) throw tooFast(tenant);
    const isAnew = cursor === undefined && since === undefined;
    yield lineOf({ tenant, ...(isAnew ? { reset: true } : {}) });
    const counts = noCounts();
    if (isAnew) counts.reset = true;
    const page = new PageBound();
    let { position } = reading;
    const slices = new PatientSlices(signal);
    while (reading !== undefined && page.hasRoom) {
      if (slices.isOver) await slices.next();
      const read = await readOn(this.store, tenant, reading, ENTRIES_AT_ONCE, BYTES_AT_ONCE);
      if (read.page.expired) {
        counts.reset = true;
        yield lineOf({ tenant, reset: true });
      } else position = read.page.position;
      const text = await this.entriesText(tenant, read.page.entries, counts, slices);
      page.add(text);
      if (text !== '') yield text;
      reading = read.next;
    }
    yield endOf(counts, reading && readingCursor(reading), position && bytesText(position));
  }

  private async entriesText(
    tenant: string,
    entries: readonly FeedEntry[],
    counts: Counts & { damaged: string[] },
    slices: PatientSlices,
  ): Promise<string> {
    const live = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
    const gone = entries.filter(({ deleted }) => deleted).map(({ id }) => id);
    const [rows, heads] = [await this.rows(tenant, live), await this.store.heads(tenant, gone)];
    const lines: string[] = [];
    for (const row of rows) {
      if (slices.isOver) await slices.next();
      lines.push(`${putText(row)}\n`);
    }
    gone.forEach((id, i) => {
      const version = heads[i]?.deleted === true ? heads[i].feedVersion : undefined;
      const feed = version === undefined ? {} : { feed_version: version };
      lines.push(lineOf({ delete: id, ...feed }));
    });
    counts.puts += rows.length;
    counts.deletes += gone.length;
    if (rows.length < live.length) await this.nameDamaged(tenant, entries, rows, counts.damaged);
    return lines.join('');
  }

  /** One that changes between two reads of it is read again: it may have been met for the last time. */
  private async rows(tenant: string, ids: readonly string[]): Promise<FullRow[]> {
    const rows: FullRow[] = [];
    let left = ids;
    for (let attempt = 1; left.length > 0 && attempt <= MAX_ATTEMPTS; attempt++) {
      const found = await readFull(this.store, tenant, left);
      rows.push(...found);
      const read = new Set(found.map(({ row }) => row.product.id));
      left = left.filter((id) => !read.has(id));
    }
    return rows;
  }

  /** Those that were not read though nobody has changed them since. */
  private async nameDamaged(
    tenant: string,
    entries: readonly FeedEntry[],
    rows: readonly FullRow[],
    damaged: string[],
  ): Promise<void> {
    const read = new Set(rows.map(({ row }) => row.product.id));
    const left = entries.filter(({ id, deleted }) => !deleted && !read.has(id));
    const heads = await this.store.heads(
      tenant,
      left.map(({ id }) => id),
    );
    left.forEach(({ id, version }, i) => {
      if (heads[i]?.version === version && damaged.length < MAX_NAMED) damaged.push(id);
    });
  }

  /** Lines of a page of records, of `tenant` or of all, with placements behind them, and the page's end. */
  async *records(
    tenant: string | undefined,
    cursor: string | undefined,
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    let place: { kind: string; after: string | undefined } | undefined =
      cursor === undefined ? { kind: KINDS[0] as string, after: undefined } : recordPlaceOf(cursor);
    const counts = noCounts();
    const page = new PageBound();
    while (place !== undefined && page.hasRoom) {
      signal?.throwIfAborted();
      const { lines, last } = await this.recordLines(place.kind, tenant, place.after);
      counts.records += lines.length;
      const text = lines.map(lineOf).join('');
      page.add(text);
      if (text !== '') yield text;
      const next: string | undefined = KINDS[KINDS.indexOf(place.kind) + 1];
      if (last !== undefined) place = { kind: place.kind, after: last };
      else place = next === undefined ? undefined : { kind: next, after: undefined };
    }
    yield endOf(counts, place && recordCursor(place.kind, place.after), undefined);
  }

  private async recordLines(
    kind: string,
    tenant: string | undefined,
    after: string | undefined,
  ): Promise<{ lines: BackupLine[]; last: string | undefined }> {
    const { records } = this.store;
    if (kind === PLACEMENT) return this.placementLines(tenant, after);
    const found = await recordPage(records, kind, tenant, after, RECORDS_AT_ONCE);
    const last = found.length < RECORDS_AT_ONCE ? undefined : found.at(-1)?.id;
    const lines = found
      .map(({ id, value }) => ({ kind, id, value }))
      .filter((record) => tenant === undefined || tenantOf(record) === tenant)
      .map((record) => ({ record }));
    return { lines, last };
  }

  private async placementLines(
    tenant: string | undefined,
    after: string | undefined,
  ): Promise<{ lines: BackupLine[]; last: string | undefined }> {
    const all = await this.store.tenants(after, RECORDS_AT_ONCE);
    const tenants = tenant === undefined ? all : after === undefined ? [tenant] : [];
    const lines: BackupLine[] = [];
    for (const each of tenants) {
      const { partitions } = await this.store.placement(each);
      if (partitions.length > 0) lines.push({ placement: { tenant: each, partitions } });
    }
    const isLast = tenant !== undefined || all.length < RECORDS_AT_ONCE;
    return { lines, last: isLast ? undefined : all.at(-1) };
  }
}

function tooFast(tenant: string): OmniError {
  const what = `${tenant} is written faster than it is read: ask when less is written`;
  return new OmniError('conflict', what, { field: 'tenant' });
}

/** How much a page may have. */
class PageBound {
  private bytes = 0;
  private readonly endsAtMs = performance.now() + PAGE_MS;

  add(text: string): void {
    this.bytes += text.length;
  }

  get hasRoom(): boolean {
    return this.bytes < PAGE_BYTES && performance.now() < this.endsAtMs;
  }
}

function lineOf(line: BackupLine): string {
  return `${JSON.stringify(line)}\n`;
}

function noCounts(): Counts & { damaged: string[] } {
  return { puts: 0, deletes: 0, records: 0, damaged: [] };
}

function endOf(
  { damaged = [], ...counts }: Counts,
  cursor: string | undefined,
  position: string | undefined,
): string {
  const end: PageEnd['end'] = {
    ...{ cursor: cursor ?? null, ...counts },
    ...(position === undefined ? {} : { position }),
    ...(damaged.length === 0 ? {} : { damaged }),
  };
  return `${JSON.stringify({ end })}\n`;
}
