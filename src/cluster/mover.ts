import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { backOff } from '../core/retry.js';
import { beginMoves, type Move } from '../placement/reassign.js';
import type { Partition, Store } from '../store/store.js';

export interface MoverDeps {
  store: Pick<Store, 'placement' | 'replacePlacement'>;
  /** Has the tenant's replicas seen to from the start, also where that is under way. */
  settle(tenant: string): Promise<void>;
  /** The same, but what is under way goes on undisturbed. */
  resume(tenant: string): Promise<void>;
}

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
   * many tenants anything moves of.
   */
  async begin(moves: readonly Move[], alive: ReadonlySet<string>): Promise<number> {
    const byTenant = new Map<string, Move[]>();
    for (const move of moves) {
      const own = byTenant.get(move.tenant);
      if (own === undefined) byTenant.set(move.tenant, [move]);
      else own.push(move);
    }
    let moved = 0;
    for (const [tenant, own] of byTenant) {
      await this.deps.settle(tenant);
      moved += (await beginMoves(this.deps.store, own, alive)).length;
      await this.deps.settle(tenant);
    }
    return moved;
  }

  /**
   * Compare-and-set of a tenant's partitions; `to` may throw, and returns the same one where nothing of it
   * changes. Rejects `unavailable` where others keep changing it.
   */
  async change(
    tenant: string,
    to: (partitions: readonly Partition[], nextCounter: number) => readonly Partition[],
  ): Promise<readonly Partition[]> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { partitions, counter } = await this.deps.store.placement(tenant);
      const next = to(partitions, counter + 1);
      if (next.every((partition, i) => partition === partitions[i])) return next;
      await this.deps.settle(tenant);
      const isDone = await this.deps.store.replacePlacement(tenant, next, counter);
      if (!isDone) {
        await backOff(attempt + 1, BACKOFF_MS);
        continue;
      }
      await this.deps.settle(tenant);
      return next;
    }
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', 'the placement kept changing', details);
  }
}
