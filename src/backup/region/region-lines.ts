import type { ModelIdentity } from '../../core/product.js';
import type { RecordState } from '../../store/copies.js';
import type { FullRow } from '../../store/catalogue-pages.js';
import type { StoredHead } from '../../store/store.js';
import type { CopiedRow } from '../copy-writer.js';
import { backupLineOf, copiedRow, putText } from '../lines.js';
import { OmniError } from '../../core/errors.js';

/** What a region has read of its primary's changes; opaque to the region. */
export interface ChangesPosition {
  /** Of tenants, base64url. */
  tenants: string | undefined;
  /** Of records. */
  records: number | undefined;
}

/** The answer to `GET /admin/region/changes`. */
export interface ChangesReply {
  /** Which store it is. */
  store: string;
  model: ModelIdentity | null;
  /** Whose catalogue, placement or record changed. */
  tenants: string[];
  tenants_position: string;
  records: RecordState[];
  records_position: number;
  /** All records are to be read. */
  records_expired: boolean;
  /** Nothing followed when it was read. */
  at_end: boolean;
}

/** The answer to `GET /admin/region/records`: records of a kind by id, in byte order. */
export interface RecordsPage {
  records: RecordState[];
  /** None follow. */
  at_end: boolean;
}

/** The last line of an answer to `GET /admin/region/products`. */
export interface ProductsEnd {
  /** Null: nothing was read, as deletes behind the asked position are forgotten. */
  position: string | null;
  at_end: boolean;
  /** Products that are damaged there, and were left out. */
  damaged: number;
}

/** Products and deletes of a tenant in the order of their versions. */
export interface ProductsPage extends ProductsEnd {
  rows: CopiedRow[];
}

export function versionedPut(full: FullRow): string {
  return `{"version":${full.row.version},${putText(full).slice(1)}`;
}

export function versionedDelete(
  id: string,
  version: number,
  head: Pick<StoredHead, 'feedVersion' | 'archive'> | undefined,
): string {
  const { feedVersion, archive } = head ?? {};
  // What is not known is left out.
  return JSON.stringify({ version, delete: id, feed_version: feedVersion, archive });
}

/** Reads lines of `GET /admin/region/products`. Throws `unavailable` for what broke off, `invalid_field` for others. */
export function productsPageOf(text: string): ProductsPage {
  const lines = text.split('\n').filter((line) => line !== '');
  const last = lines.pop() ?? '';
  const { end } = last.startsWith('{"end":')
    ? (JSON.parse(last) as { end: ProductsEnd })
    : { end: undefined };
  if (end === undefined) throw new OmniError('unavailable', 'the answer of the primary broke off');
  const rows = lines.map((line): CopiedRow => {
    const parsed = backupLineOf(line, 'line');
    return { ...copiedRow(parsed), version: (parsed as unknown as { version: number }).version };
  });
  return { rows, ...end };
}
