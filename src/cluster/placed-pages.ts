import { partitionRows } from '../placement/balance.js';
import type { Placed } from '../placement/move-off.js';
import { tenantsInTurns } from '../placement/tenants-in-turns.js';
import type { Store } from '../store/store.js';

export interface PlacedQuery {
  /** Of this one alone. */
  tenant?: string | undefined;
  /** Of which anything lies on this node. */
  node?: string | undefined;
  /** Where to go on: `placeKey` of the last one before. */
  after?: string | undefined;
}

/** A partition's place in the order of `placedFrom`. */
export function placeKey({ tenant, partition }: Pick<Placed, 'tenant' | 'partition'>): string {
  return `${tenant}/${partition.id}`;
}

/** Partitions with their rows, tenant by tenant, each tenant's by id. */
export async function* placedFrom(
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>,
  { tenant, node, after }: PlacedQuery,
): AsyncGenerator<Placed> {
  const [afterTenant, afterId] = split(after);
  for await (const each of tenantsFrom(store, tenant, afterTenant)) {
    const { partitions } = await store.placement(each);
    const wanted = partitions.filter(
      ({ id, replicas }) =>
        (each !== afterTenant || afterId === undefined || id > afterId) &&
        (node === undefined || replicas.some((replica) => replica.node === node)),
    );
    if (wanted.length === 0) continue;
    const rows = partitionRows(partitions, await store.categories(each));
    const rowsOf = new Map(partitions.map((partition, i) => [partition, rows[i] ?? 0]));
    for (const partition of wanted.sort((a, b) => (a.id < b.id ? -1 : 1))) {
      yield { tenant: each, partition, rows: rowsOf.get(partition) ?? 0 };
    }
  }
}

/** From the one on that `first` names, which may have more. */
async function* tenantsFrom(
  store: Pick<Store, 'tenants'>,
  only: string | undefined,
  first: string | undefined,
): AsyncGenerator<string> {
  if (only !== undefined) {
    if (first === undefined || first === only) yield only;
    return;
  }
  if (first !== undefined) yield first;
  yield* tenantsInTurns(store, first);
}

function split(key: string | undefined): [tenant: string | undefined, id: string | undefined] {
  if (key === undefined) return [undefined, undefined];
  const slash = key.indexOf('/');
  return slash === -1 ? [key, undefined] : [key.slice(0, slash), key.slice(slash + 1)];
}
