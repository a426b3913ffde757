import { OmniError } from '../core/errors.js';
import { describeValue } from '../core/json.js';
import { productInputs, type ProductInputs } from '../embedding/product-inputs.js';
import { placeOf, type Places } from '../placement/placer.js';
import { isOlder, isUnseen } from '../store/decide.js';
import type { ContentWrite, PutProduct, StoredHead } from '../store/store.js';
import { PatientSlices } from '../core/slices.js';
import { contentHash, textEmbedHash, vectorEmbedHash } from './content-hash.js';
import type { IngestDeps, WriteTarget } from './ports.js';
import { noSuchProduct } from './single-write.js';
import type { PutRow, ValidRow } from './validate-product.js';

/** A valid row with its place in the request. */
export interface PlacedRow {
  line: number;
  row: ValidRow;
  /** A put that is refused where there is a product of its id. */
  isNew?: boolean;
  /** A put that is refused where there is none. */
  isKnown?: boolean;
}

interface PreparedRow extends PlacedRow {
  write: ContentWrite;
}

export interface PreparedBatch {
  rows: PreparedRow[];
  /** Rows that the tenant's bounds do not let in, and new ones that are there already. */
  refused: { line: number; id: string; error: OmniError }[];
}

/** A put with its hashes; `inputs` are what is embedded unless a vector was supplied. */
interface Draft {
  line: number;
  row: PutRow;
  contentHash: string;
  embedHash: string;
  inputs: ProductInputs | undefined;
  /** The stored vectors serve: nothing is embedded. */
  keeps: boolean;
  /** Nothing of it will be written, as far as can be seen. */
  idle: boolean;
  /** What is stored is newer. */
  stale: boolean;
  /** Of a new product: what is stored of its id, which nobody may have changed since. */
  ifVersion?: number;
  /** It should be new, and is there already. */
  exists: boolean;
  /** It should change a product, and there is none. */
  isMissing: boolean;
  isKnown?: boolean;
  /** There is no product of its id. */
  isNew: boolean;
}

type Planned = Draft | { line: number; row: Extract<ValidRow, { op: 'delete' }> };

/**
 * Turns valid rows into writes: embeds what the stored vectors do not serve, opens partitions.
 * What is stored or where it belongs may change meanwhile; the store then answers `conflict` and the
 * row is prepared anew, `isRetry`.
 */
export async function prepareBatch(
  deps: IngestDeps,
  target: WriteTarget,
  rows: readonly PlacedRow[],
  isRetry = false,
): Promise<PreparedBatch> {
  if (rows.length === 0) return { rows: [], refused: [] };
  const { tenant, imported } = target;
  const { planned, drafts } = await planBatch(deps, target, rows);
  if (drafts.length > 0) await deps.tenants.ensure(tenant);
  else await deps.tenants.require(tenant, 'write');
  // What goes earlier in the batch makes room for what comes later: the store decides then.
  const refusals = await refuse(deps, target, drafts, planned.length - drafts.length);
  const maxProducts = await deps.bounds.maxProducts(tenant);
  const places = await placesFor(deps, tenant, drafts, refusals, isRetry);
  const vectors = await embedMissing(
    deps,
    target,
    drafts.filter((draft) => !refusals.has(draft)),
  );

  const batch: PreparedBatch = { rows: [], refused: [] };
  for (const item of planned) {
    const { line, row } = item;
    if (!('contentHash' in item)) batch.rows.push({ line, row, write: { ...item.row, imported } });
    else {
      const error = refusals.get(item);
      if (error !== undefined) batch.refused.push({ line, id: row.id, error });
      else
        batch.rows.push({
          ...placed(item),
          write: { ...toPut(deps, item, vectors, places, maxProducts), imported },
        });
    }
  }
  return batch;
}

/** What each row needs, by what is stored: nothing is written. */
export async function planBatch(
  deps: IngestDeps,
  target: WriteTarget,
  rows: readonly PlacedRow[],
): Promise<{ planned: Planned[]; drafts: Draft[]; heads: Map<string, StoredHead | undefined> }> {
  const ids = [...new Set(rows.map(({ row }) => row.id))];
  const found = await deps.store.heads(target.tenant, ids);
  const heads = new Map(ids.map((id, i) => [id, found[i]]));
  const planned = await plan(deps, target, rows, new Map(heads));
  return { planned, drafts: planned.filter((item) => 'contentHash' in item), heads };
}

function placed({ line, row, ifVersion, isKnown = false }: Draft): PlacedRow {
  return { line, row, isNew: ifVersion !== undefined, isKnown };
}

/** What the tenant's bounds do not let in, and what is there already. */
export async function refuse(
  deps: IngestDeps,
  { tenant, signal }: WriteTarget,
  drafts: readonly Draft[],
  removed: number,
): Promise<Map<Draft, OmniError>> {
  const written = drafts.filter(({ idle }) => !idle);
  const products = written.map(({ row: { product }, isNew }) => ({ product, isNew }));
  const errors = await deps.bounds.refusals(tenant, { products, removed }, signal);
  const refusals = new Map<Draft, OmniError>();
  written.forEach((draft, i) => {
    const error = errors[i];
    if (error !== undefined) refusals.set(draft, error);
  });
  for (const draft of drafts) {
    if (draft.exists) refusals.set(draft, alreadyThere(draft.row.id));
    if (draft.isMissing) refusals.set(draft, noSuchProduct(draft.row.id));
  }
  return refusals;
}

/** Opens partitions; adds to `refusals` what gets none. */
async function placesFor(
  deps: IngestDeps,
  tenant: string,
  drafts: readonly Draft[],
  refusals: Map<Draft, OmniError>,
  isRetry: boolean,
): Promise<Places> {
  const admitted = drafts.filter((draft) => !refusals.has(draft));
  const places = await deps.placement.ensure(tenant, rowsByCategory(admitted), isRetry);
  for (const draft of admitted) {
    const error = places.refused.get(draft.row.product.category);
    if (error !== undefined) refusals.set(draft, error);
  }
  return places;
}

/** Decides what each row needs, each against what the rows before it will have left. */
async function plan(
  deps: IngestDeps,
  { signal, imported }: WriteTarget,
  rows: readonly PlacedRow[],
  heads: Map<string, StoredHead | undefined>,
): Promise<Planned[]> {
  const slices = new PatientSlices(signal);
  const planned: Planned[] = [];
  for (const { line, row, isNew = false, isKnown = false } of rows) {
    if (slices.isOver) await slices.next();
    const head = heads.get(row.id);
    if (row.op === 'delete') {
      heads.delete(row.id);
      planned.push({ line, row });
      continue;
    }
    const draft = { ...draftOf(deps, line, row), isKnown };
    const stale =
      isOlder(row.feedVersion, head?.feedVersion) || isUnseen(head, imported, row.feedVersion);
    const live = head !== undefined && !head.deleted;
    draft.exists = isNew && live;
    draft.isNew = !live;
    // What is archived is there, and what is written in its place needs no archive.
    draft.isMissing = isKnown && !live && head?.archive === undefined;
    if (isNew) draft.ifVersion = head?.version ?? 0;
    draft.stale = stale;
    draft.keeps = stale || (live && head.embedHash === draft.embedHash);
    draft.idle =
      stale ||
      draft.exists ||
      draft.isMissing ||
      (draft.keeps && head?.contentHash === draft.contentHash);
    if (!stale && !draft.exists && !draft.isMissing) {
      heads.set(row.id, headAfter(draft, head, imported?.number));
    }
    planned.push(draft);
  }
  return planned;
}

function draftOf(deps: IngestDeps, line: number, row: PutRow): Draft {
  const { fingerprint } = deps.model;
  const embeds = embedInputs(fingerprint, row);
  const undecided = {
    keeps: false,
    idle: false,
    stale: false,
    exists: false,
    isMissing: false,
    isNew: false,
  };
  return { line, row, contentHash: contentHash(row.product), ...embeds, ...undecided };
}

function embedInputs(
  fingerprint: string,
  { product, vector }: PutRow,
): Pick<Draft, 'embedHash' | 'inputs'> {
  if (vector !== undefined) {
    return { embedHash: vectorEmbedHash(fingerprint, vector), inputs: undefined };
  }
  const inputs = productInputs(product);
  return { embedHash: textEmbedHash(fingerprint, inputs), inputs };
}

function headAfter(
  draft: Draft,
  before: StoredHead | undefined,
  imported: number | undefined,
): StoredHead {
  return {
    version: before?.version ?? 0,
    feedVersion: draft.row.feedVersion,
    deleted: false,
    contentHash: draft.contentHash,
    embedHash: draft.embedHash,
    contentVersion: before?.version ?? 0,
    imported,
  };
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

/** Embeds equal inputs once; returns vectors by embed hash. */
async function embedMissing(
  deps: IngestDeps,
  target: WriteTarget,
  drafts: readonly Draft[],
): Promise<Map<string, Float32Array>> {
  const missing = new Map<string, ProductInputs>();
  for (const { inputs, keeps, embedHash } of drafts) {
    if (inputs !== undefined && !keeps) missing.set(embedHash, inputs);
  }
  if (missing.size === 0) return new Map();
  if (deps.encoder === undefined) {
    throw new OmniError('unavailable', 'nothing can be embedded: this server has no encoder');
  }
  const vectors = await deps.encoder.embedProducts([...missing.values()], target);
  deps.meter.count(target.tenant, 'embeds', missing.size);
  const hashes = [...missing.keys()];
  return new Map(vectors.map((vector, i) => [hashes[i] ?? '', vector]));
}

function toPut(
  deps: IngestDeps,
  draft: Draft,
  vectors: Map<string, Float32Array>,
  places: Places,
  maxProducts: number | undefined,
): PutProduct {
  const { row, contentHash: hash, embedHash, keeps, idle, ifVersion } = draft;
  const { category } = row.product;
  // What changes nothing needs no place.
  const partition = idle ? places.of(category, row.id) : placeOf(places, category, row.id);
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
    partition,
    ...(ifVersion === undefined ? {} : { ifVersion }),
    ...(maxProducts === undefined ? {} : { maxProducts }),
  };
}

function alreadyThere(id: string): OmniError {
  const message = `a product with the id ${describeValue(id)} is there already`;
  return new OmniError('conflict', message, { field: 'id' });
}
