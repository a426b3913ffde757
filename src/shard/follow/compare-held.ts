import type { StoreReader } from '../../store/store.js';
import { forEachLiveRow } from '../index/live-rows.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { IdleTurns } from '../node/idle-turns.js';
import type { Assignment } from './assignment.js';
import type { Suspect } from './confirm-difference.js';

/** Of a tenant of which a shard holds less than this, not all of the feed is read. */
const SMALL_SHARE = 1 / 4;
/** Versions asked for at once, for each document that the store likes to give out at once. */
const HEADS_A_DOCUMENT = 8;

/**
 * Compares ids and versions where a shard holds a small part of a tenant: what is held is looked up
 * in the store, and as many are held of each category as the store counts, so that none is missing.
 * Undefined when that does not settle it: the part is not small, is cut by hash, or the counts
 * differ.
 */
export async function suspectsAmongHeld(
  store: StoreReader,
  index: TenantIndex,
  assignment: Assignment,
  turns: IdleTurns,
): Promise<Suspect[] | undefined> {
  const categories = await store.categories(index.tenant);
  const all = categories.reduce((sum, { products }) => sum + products, 0);
  if (index.liveRows > all * SMALL_SHARE) return undefined;
  const held = await heldRows(index, assignment, turns);
  for (const { category, products } of categories) {
    const share = assignment.shareOf(category);
    if (share !== 0 && share !== 1) return undefined;
    if ((held.counts.get(category) ?? 0) !== products * share) return undefined;
  }
  const ids = [...held.versions.keys()];
  const atOnce = store.documentsAtOnce * HEADS_A_DOCUMENT;
  const suspects: Suspect[] = [];
  for (let at = 0; at < ids.length; at += atOnce) {
    await turns.next();
    const some = ids.slice(at, at + atOnce);
    const heads = await store.heads(index.tenant, some);
    const differing = some.filter((id, i) => heads[i]?.version !== held.versions.get(id));
    suspects.push(...(await asSuspects(store, index, assignment, differing, held.versions)));
  }
  return suspects;
}

interface Held {
  /** By id. */
  versions: Map<string, number>;
  /** By category. */
  counts: Map<string, number>;
}

async function heldRows(
  index: TenantIndex,
  assignment: Assignment,
  turns: IdleTurns,
): Promise<Held> {
  const held: Held = { versions: new Map(), counts: new Map() };
  await turns.next();
  await forEachLiveRow(
    index,
    (block, row) => {
      const category = block.categoryOf(row);
      if (!assignment.ownsHash(category, block.hash(row))) return;
      held.versions.set(block.id(row), block.version(row));
      held.counts.set(category, (held.counts.get(category) ?? 0) + 1);
    },
    turns.next,
  );
  return held;
}

/** With what the store has of them now. */
async function asSuspects(
  store: StoreReader,
  { tenant }: TenantIndex,
  assignment: Assignment,
  ids: readonly string[],
  versions: ReadonlyMap<string, number>,
): Promise<Suspect[]> {
  if (ids.length === 0) return [];
  const documents = await store.documents(tenant, ids);
  return ids.map((id, i) => {
    const document = documents[i];
    const isOurs = document !== undefined && assignment.owns(document.product.category, id);
    return { id, version: document?.version, isOurs, row: versions.get(id) };
  });
}
