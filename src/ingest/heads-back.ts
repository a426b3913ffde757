import type { StoredHead } from '../store/store.js';
import type { IngestDeps } from './ports.js';

/** Heads of `ids`; what changes a product and finds it in the archive has it come back first. */
export async function headsBack(
  { store, cold }: Pick<IngestDeps, 'store' | 'cold'>,
  tenant: string,
  ids: readonly string[],
  rows: readonly { row: { id: string }; isKnown?: boolean }[],
): Promise<(StoredHead | undefined)[]> {
  const found = await store.heads(tenant, ids);
  const changed = new Set(rows.filter(({ isKnown }) => isKnown).map(({ row }) => row.id));
  const archived = ids.filter((id, i) => changed.has(id) && found[i]?.archive !== undefined);
  if (archived.length === 0) return found;
  await cold.restore(tenant, archived);
  return store.heads(tenant, ids);
}
