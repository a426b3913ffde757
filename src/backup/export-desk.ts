import { OmniError } from '../core/errors.js';
import { PatientSlices } from '../core/slices.js';
import { beginReading, type FeedReading } from '../store/feed-pages.js';
import type { ModelIdentity } from '../core/product.js';
import type { StoreReader } from '../store/store.js';
import { bytesText, readingCursor, readingOf, recordCursor, recordPlaceOf } from './cursors.js';
import { putText, type BackupLine, type PageEnd } from './lines.js';
import { PageBound } from './page-bound.js';
import { RECORD_KINDS, recordPage, tenantOf } from './record-kinds.js';
import { storedPieces, type StoredPiece } from './stored-pieces.js';

const RECORDS_AT_ONCE = 100;
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
    let { position } = reading;
    for await (const piece of storedPieces(this.store, tenant, reading, signal)) {
      if (piece.isReset) {
        counts.reset = true;
        yield lineOf({ tenant, reset: true });
      } else position = piece.position;
      const text = await linesOf(piece, counts);
      if (text !== '') yield text;
      reading = piece.next;
    }
    yield endOf(counts, reading && readingCursor(reading), position && bytesText(position));
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
      page.add(text.length);
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

async function linesOf(
  { rows, deleted, damaged }: StoredPiece,
  counts: Counts & { damaged: string[] },
): Promise<string> {
  const slices = new PatientSlices();
  const lines: string[] = [];
  for (const row of rows) {
    if (slices.isOver) await slices.next();
    lines.push(`${putText(row)}\n`);
  }
  for (const { id, feedVersion, archive } of deleted) {
    const version = feedVersion === undefined ? {} : { feed_version: feedVersion };
    lines.push(lineOf({ delete: id, ...version, ...(archive === undefined ? {} : { archive }) }));
  }
  counts.puts += rows.length;
  counts.deletes += deleted.length;
  counts.damaged.push(...damaged.slice(0, MAX_NAMED - counts.damaged.length));
  return lines.join('');
}

function tooFast(tenant: string): OmniError {
  const what = `${tenant} is written faster than it is read: ask when less is written`;
  return new OmniError('conflict', what, { field: 'tenant' });
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
