import { invalidField, OmniError } from '../core/errors.js';
import { productText } from '../embedding/product-text.js';
import type { ProductWrite, PutProduct, StoredHead } from '../store/store.js';
import { contentHash, textEmbedHash, vectorEmbedHash } from './content-hash.js';
import type { IngestDeps } from './ports.js';
import type { PutRow, ValidRow } from './validate-product.js';

/** A valid row with its place in the request. */
export interface PlacedRow {
  line: number;
  row: ValidRow;
}

export interface PreparedRow extends PlacedRow {
  write: ProductWrite;
}

export interface PreparedBatch {
  rows: PreparedRow[];
  /** Rows of categories that the tenant may not open any more. */
  refused: { line: number; id: string; error: OmniError }[];
}

/** A put with its hashes; `text` is what is embedded unless a vector was supplied. */
interface Draft {
  line: number;
  row: PutRow;
  contentHash: string;
  embedHash: string;
  text: string | undefined;
  /** The stored vectors serve: nothing is embedded. */
  keeps: boolean;
  /** Nothing of it will be written, as far as can be seen. */
  idle: boolean;
}

type Planned = Draft | { line: number; row: Extract<ValidRow, { op: 'delete' }> };

/**
 * Turns valid rows into writes: embeds what the stored vectors do not serve, opens partitions.
 * What is stored may change meanwhile; the store then answers `conflict` and the row is prepared anew.
 */
export async function prepareBatch(
  deps: IngestDeps,
  tenant: string,
  rows: readonly PlacedRow[],
): Promise<PreparedBatch> {
  const ids = [...new Set(rows.map(({ row }) => row.id))];
  const heads = await deps.store.heads(tenant, ids);
  const planned = plan(deps, rows, new Map(ids.map((id, i) => [id, heads[i]])));
  const drafts = planned.filter((item): item is Draft => 'contentHash' in item);
  const refusedCategories = await deps.placement.ensure(tenant, rowsByCategory(drafts));
  const isRefused = ({ row }: Draft) => refusedCategories.has(row.product.category);
  const vectors = await embedMissing(
    deps,
    drafts.filter((draft) => !isRefused(draft)),
  );

  const batch: PreparedBatch = { rows: [], refused: [] };
  for (const item of planned) {
    const { line, row } = item;
    if (!('contentHash' in item)) batch.rows.push({ line, row, write: item.row });
    else if (isRefused(item)) batch.refused.push({ line, id: row.id, error: categoryRefused() });
    else batch.rows.push({ line, row, write: toPut(deps, item, vectors) });
  }
  return batch;
}

/** Decides what each row needs, each against what the rows before it will have left. */
function plan(
  deps: IngestDeps,
  rows: readonly PlacedRow[],
  heads: Map<string, StoredHead | undefined>,
): Planned[] {
  return rows.map(({ line, row }) => {
    const head = heads.get(row.id);
    if (row.op === 'delete') {
      heads.delete(row.id);
      return { line, row };
    }
    const draft = draftOf(deps, line, row);
    const stale = isBelow(row.feedVersion, head?.feedVersion);
    const live = head !== undefined && !head.deleted;
    draft.keeps = stale || (live && head.embedHash === draft.embedHash);
    draft.idle = stale || (draft.keeps && head?.contentHash === draft.contentHash);
    if (!stale) heads.set(row.id, headAfter(draft, head));
    return draft;
  });
}

function draftOf(deps: IngestDeps, line: number, row: PutRow): Draft {
  const { fingerprint } = deps.model;
  const text = row.vector === undefined ? productText(row.product) : undefined;
  const embedHash =
    row.vector === undefined
      ? textEmbedHash(fingerprint, text ?? '')
      : vectorEmbedHash(fingerprint, row.vector);
  const hash = contentHash(row.product);
  return { line, row, contentHash: hash, embedHash, text, keeps: false, idle: false };
}

function headAfter(draft: Draft, before: StoredHead | undefined): StoredHead {
  return {
    version: before?.version ?? 0,
    feedVersion: draft.row.feedVersion,
    deleted: false,
    contentHash: draft.contentHash,
    embedHash: draft.embedHash,
  };
}

function isBelow(version: number | undefined, stored: number | undefined): boolean {
  return version !== undefined && stored !== undefined && version < stored;
}

function rowsByCategory(drafts: readonly Draft[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { row, idle } of drafts) {
    if (idle) continue;
    const { category } = row.product;
    counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return counts;
}

/** Embeds each distinct text once; returns vectors by embed hash. */
async function embedMissing(
  deps: IngestDeps,
  drafts: readonly Draft[],
): Promise<Map<string, Float32Array>> {
  const texts = new Map<string, string>();
  for (const { text, keeps, embedHash } of drafts) {
    if (text !== undefined && !keeps) texts.set(embedHash, text);
  }
  if (texts.size === 0) return new Map();
  if (deps.encoder === undefined) {
    throw new OmniError('unavailable', 'nothing can be embedded: this server has no encoder');
  }
  const vectors = await deps.encoder.embedProducts([...texts.values()]);
  const hashes = [...texts.keys()];
  return new Map(vectors.map((vector, i) => [hashes[i] ?? '', vector]));
}

function toPut(deps: IngestDeps, draft: Draft, vectors: Map<string, Float32Array>): PutProduct {
  const { row, contentHash: hash, embedHash, keeps } = draft;
  const text = row.vector ?? vectors.get(embedHash);
  return {
    op: 'put',
    id: row.id,
    product: row.product,
    feedVersion: row.feedVersion,
    contentHash: hash,
    embedHash,
    model: deps.model.fingerprint,
    vectors: keeps || text === undefined ? 'keep' : { text },
  };
}

/** The tenant may not open another category. */
export function categoryRefused(): OmniError {
  return invalidField(
    'category',
    'would be a new one, and the tenant is at its bound of categories',
  );
}
