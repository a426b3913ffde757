import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { JsonObject } from '../core/product.js';
import { backOff } from '../core/retry.js';
import { beginMoves, nodesOf, type Move } from '../placement/reassign.js';
import type { Partition, Store } from '../store/store.js';
import { toldChange, toldMoves } from './told-changes.js';
import type { DecisionLog } from './decision-log.js';

export interface MoverDeps {
  store: Pick<Store, 'placement' | 'replacePlacement'>;
  /** Has the tenant's replicas seen to from the start, also where that is under way. */
  settle(tenant: string): Promise<void>;
  /** The same, but what is under way goes on undisturbed. */
  resume(tenant: string): Promise<void>;
  /** What somebody ordered is noted there before it is done. */
  audit: { note(tenant: string, change: Noted): Promise<void> };
  /** What was decided is told there once it is done. */
  decisions: Pick<DecisionLog, 'note'>;
}

/** As `AuditLog` has it. */
interface Noted {
  by: string | null;
  kind: string;
  target: string;
  before: JsonObject | undefined;
  after: JsonObject | undefined;
}

/** Who has a placement changed, and by what, such as `move`. */
export interface Order {
  /** Name of a key; null: none was needed. */
  by: string | null;
  what: string;
  /** Absent: that was its wish. */
  why?: string;
  /** It follows from what there is, so that the audit does not have it. */
  isRoutine?: true;
}

/** Changes a tenant's placement, or only says what would come of that. */
export type ChangePlacement = (tenant: string, to: Change) => Promise<readonly Partition[]>;

/** A tenant's partitions and what they become, by the counter of the placement that will have them. */
export type Change = (
  partitions: readonly Partition[],
  nextCounter: number,
) => readonly Partition[];

const MAX_ATTEMPTS = 10;
const BACKOFF_MS = 5;

/**
 * Changes of placements. What is to be done about one is asked for before and after it: before, so that it is
 * done though this process dies in between, after, since it may have been looked for too early. Where both happen it
 * is found by who looks at all tenants that change, see `resume`.
 */
export class Mover {
  constructor(private readonly deps: MoverDeps) {}

  /** Has that ended which was begun by a process that died before it could ask for it. */
  resume(tenant: string): Promise<void> {
    return this.deps.resume(tenant);
  }

  /**
   * Begins `moves`, each tenant's in one change. `alive`: nodes that still have what they hold. Returns how
   * many tenants anything moves of. @param order absent: nobody's
   */
  async begin(moves: readonly Move[], alive: ReadonlySet<string>, order?: Order): Promise<number> {
    const byTenant = new Map<string, Move[]>();
    for (const move of moves) {
      const own = byTenant.get(move.tenant);
      if (own === undefined) byTenant.set(move.tenant, [move]);
      else own.push(move);
    }
    let moved = 0;
    for (const [tenant, own] of byTenant) {
      if (isAudited(order)) await this.note(tenant, order, ...moving(own));
      await this.deps.settle(tenant);
      moved += (await beginMoves(this.deps.store, own, alive)).length;
      await this.deps.settle(tenant);
    }
    if (order !== undefined && moved > 0) await this.tell(order, toldMoves(order.what, moves));
    return moved;
  }

  /**
   * Compare-and-set of a tenant's partitions; `to` may throw, and returns the same one where nothing of it
   * changes. Rejects `unavailable` where others keep changing it. @param order absent: nobody's
   */
  async change(tenant: string, to: Change, order?: Order): Promise<readonly Partition[]> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { partitions, counter } = await this.deps.store.placement(tenant);
      const next = to(partitions, counter + 1);
      if (next.every((partition, i) => partition === partitions[i])) return next;
      if (isAudited(order)) await this.note(tenant, order, ...changed(partitions, next));
      await this.deps.settle(tenant);
      const isDone = await this.deps.store.replacePlacement(tenant, next, counter);
      if (!isDone) {
        await backOff(attempt + 1, BACKOFF_MS);
        continue;
      }
      await this.deps.settle(tenant);
      if (order !== undefined) {
        await this.tell(order, toldChange(order.what, tenant, partitions, next));
      }
      return next;
    }
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', 'the placement kept changing', details);
  }

  private tell({ by, why }: Order, what: string): Promise<void> {
    return this.deps.decisions.note({ by, what, why: why ?? null });
  }

  private note(
    tenant: string,
    { by, what }: Order,
    before: JsonObject,
    after: JsonObject,
  ): Promise<void> {
    return this.deps.audit.note(tenant, { by, kind: 'placement', target: what, before, after });
  }
}

function isAudited(order: Order | undefined): order is Order {
  return order !== undefined && order.isRoutine !== true;
}

/** What a change would come to. */
export async function rehearse(
  store: Pick<Store, 'placement'>,
  tenant: string,
  to: Change,
): Promise<readonly Partition[]> {
  const { partitions, counter } = await store.placement(tenant);
  return to(partitions, counter + 1);
}

/** Nodes by partition, before and after. */
function moving(moves: readonly Move[]): [before: JsonObject, after: JsonObject] {
  const before = moves.map(({ partition }) => partition);
  const to = new Map(moves.map((move) => [move.partition.id, move.to]));
  return [
    { nodes: nodesById(before, ({ replicas }) => nodesOf(replicas)) },
    { nodes: nodesById(before, ({ id }) => [...(to.get(id) ?? [])]) },
  ];
}

/** The same of what is not in both, with what is pinned of it. */
function changed(
  before: readonly Partition[],
  after: readonly Partition[],
): [before: JsonObject, after: JsonObject] {
  const without = (all: readonly Partition[], others: readonly Partition[]): JsonObject => {
    const known = new Set(others);
    const own = all.filter((each) => !known.has(each));
    const pinned = own.filter(({ isPinned }) => isPinned === true).map(({ id }) => id);
    const nodes = nodesById(own, ({ replicas }) => nodesOf(replicas));
    return { nodes, ...(pinned.length === 0 ? {} : { pinned }) };
  };
  return [without(before, after), without(after, before)];
}

function nodesById(
  partitions: readonly Partition[],
  nodes: (partition: Partition) => string[],
): JsonObject {
  return Object.fromEntries(partitions.map((each) => [each.id, nodes(each)]));
}
