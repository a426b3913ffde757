import type { RecordStore } from '../store/record-store.js';
import type { StoreReader, WriteMark } from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { ALL, requestJob, type JobKind, type JobWork } from './job.js';

/** The job that lets a tenant's new text settings serve: its key is the tenant. */
export const SWITCH_TERMS = 'switch of text settings';

const MINUTE_MS = 60_000;
/** How long the shards are waited for at a time; a large tenant takes longer, and others want a turn. */
const WAIT_MS = 10_000;
const AGAIN_MS = 1_000;

/** The shards, as far as a switch needs them. */
export interface SwitchFleet {
  /** Tenants whose words some shard makes anew, as the shards said last: asks nobody. */
  switching(): string[];
  /** Names of the shards whose index of that generation lacks something up to `mark` when the time is over. */
  awaitApplied(
    tenant: string,
    mark: WriteMark,
    timeoutMs: number,
    signal?: AbortSignal,
    generation?: number,
  ): Promise<string[]>;
}

export interface SwitchDeps {
  store: Pick<StoreReader, 'head'> & { records: RecordStore };
  tenants: Pick<TenantDirectory, 'comingGeneration' | 'serve'>;
  fleet: SwitchFleet;
}

/**
 * Waits until every shard that holds something of the tenant has the new generation, and then has it
 * serve, which is one compare-and-set: a job that dies is done again from the start. Should its request
 * have been lost with the node that was to make it, the shards still say that they are switching.
 */
export function switchTerms(deps: SwitchDeps): JobKind {
  return {
    everyMs: MINUTE_MS,
    run: (work) => (work.key === ALL ? requestAll(deps) : switchTenant(deps, work)),
  };
}

async function requestAll({ store, fleet }: SwitchDeps): Promise<void> {
  for (const tenant of new Set(fleet.switching())) {
    await requestJob(store.records, SWITCH_TERMS, tenant);
  }
}

async function switchTenant(deps: SwitchDeps, work: JobWork): Promise<void> {
  const { key: tenant } = work;
  const generation = await deps.tenants.comingGeneration(tenant);
  if (generation === undefined) return;
  // Twice: once they have caught up, a write that is waited for is waited for in the new one, too;
  // what was written before that is covered by the second time.
  const isReady =
    (await allHave(deps, generation, work)) && (await allHave(deps, generation, work));
  if (isReady) await deps.tenants.serve(tenant, generation);
  // The settings may have changed again meanwhile.
  if ((await deps.tenants.comingGeneration(tenant)) !== undefined) work.comeBack(AGAIN_MS);
}

/** Whether every shard that holds something of the tenant has all that is written by now. */
async function allHave(
  { store, fleet }: SwitchDeps,
  generation: number,
  { key: tenant, signal }: JobWork,
): Promise<boolean> {
  const mark = await store.head(tenant);
  const lagging = await fleet.awaitApplied(tenant, mark, WAIT_MS, signal, generation);
  signal.throwIfAborted();
  return lagging.length === 0;
}
