import { setTimeout as sleep } from 'node:timers/promises';
import { PLACEMENT_AGE_MS, type PlacementCache } from '../placement/placement-cache.js';
import {
  buildingOn,
  isSettled,
  withoutLeaving,
  withServing,
  withUnasked,
} from '../placement/replica-steps.js';
import type { AwaitedNodes } from '../placement/until-searchable.js';
import type { Partition, Store } from '../store/store.js';
import type { JobKind, JobWork } from './job.js';

/** The job that ends what moves of a tenant's replicas: its key is the tenant. */
export const SETTLE_REPLICAS = 'settling of replicas';

/** How long a node is waited for at a time; a large tenant takes longer, and others want a turn. */
const WAIT_MS = 5_000;
const AGAIN_MS = 1_000;
/** A node without a sign of life for so long is not waited for: it has its turn once it is back. */
const SILENT_MS = 3_000;
/** Query nodes learn of a change within a second; a search may be under way for longer. */
const UNASKED_AFTER_MS = 3_000;
/** Until nobody asks any more: who writes from then on need not wait. */
const KNOWN_AFTER_MS = PLACEMENT_AGE_MS + 500;

export interface SettleDeps {
  store: Pick<Store, 'placement' | 'head' | 'replacePlacement'>;
  placements: Pick<PlacementCache, 'refresh'>;
  nodes: AwaitedNodes;
}

/**
 * Has replicas serve that are built, then those asked for nothing in whose place they came, and these go. Each step is one
 * compare-and-set of the tenant's placement, which alone says what is left to do: a job that dies is done
 * again from the start.
 */
export function settleReplicas(deps: SettleDeps): JobKind {
  return { run: (work) => settleTenant(deps, work) };
}

async function settleTenant(deps: SettleDeps, work: JobWork): Promise<void> {
  const { key: tenant, signal } = work;
  const { partitions } = await deps.store.placement(tenant);
  for (const [node, building] of buildingOn(partitions)) {
    if (deps.nodes.silentMs(node) > SILENT_MS) continue;
    if (!(await isComplete(deps, tenant, node, building, signal))) continue;
    await change(deps, tenant, (all) => withServing(all, node, building));
  }
  await afterwards(deps, tenant, withUnasked, UNASKED_AFTER_MS, signal);
  await afterwards(deps, tenant, withoutLeaving, KNOWN_AFTER_MS, signal);
  const { partitions: left } = await deps.placements.refresh(tenant);
  if (!isSettled(left)) work.comeBack(AGAIN_MS);
}

/** Whether the node has all of `building` that is written by now. */
async function isComplete(
  { store, nodes }: SettleDeps,
  tenant: string,
  node: string,
  building: readonly Partition[],
  signal: AbortSignal,
): Promise<boolean> {
  const mark = await store.head(tenant);
  const awaited = { tenant, mark, partitions: building };
  const complete = await nodes.awaitApplied(node, awaited, WAIT_MS, signal);
  signal.throwIfAborted();
  return complete;
}

/** The same once others know of what is so by now, where anything is to be changed. */
async function afterwards(
  deps: SettleDeps,
  tenant: string,
  to: (partitions: readonly Partition[]) => readonly Partition[],
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { partitions } = await deps.store.placement(tenant);
  if (!isChanged(partitions, to(partitions))) return;
  await sleep(pauseMs, undefined, { signal });
  await change(deps, tenant, to);
}

/** False where the placement was changed meanwhile: what is left is seen to next time. */
async function change(
  { store }: SettleDeps,
  tenant: string,
  to: (partitions: readonly Partition[]) => readonly Partition[],
): Promise<boolean> {
  const { partitions, counter } = await store.placement(tenant);
  const next = to(partitions);
  return isChanged(partitions, next) && store.replacePlacement(tenant, next, counter);
}

function isChanged(before: readonly Partition[], after: readonly Partition[]): boolean {
  return after.some((partition, i) => partition !== before[i]);
}
