import type { Store } from '../../store/store.js';
import type { SpoolName } from '../../store/spool.js';
import type { JobKind } from '../job.js';
import { changeQueue, hasWork, priorityOf, QUEUE_KIND, toQueue } from './import-queue.js';
import { hasEnded } from './import-record.js';
import { importOf, type ImportStore, type StoredImport } from './import-store.js';

const MINUTE_MS = 60_000;
const AT_ONCE = 500;
/** What a tenant keeps of imports that have ended, however young they are. */
const KEPT = 1_000;
/** Looks at a spool that no import has and that did not grow: its request has ended without an answer. */
const ORPHAN_LOOKS = 15;

export interface CleanDeps {
  imports: ImportStore;
  store: Pick<Store, 'records' | 'spool'>;
  /** Asks for the work on a tenant's imports. */
  request: (tenant: string, priority: number) => Promise<void>;
  importRetentionMs: number;
}

/** Spools that no import has, how far they were, and how often they were met so. */
type Orphans = Map<string, { last: number; looks: number }>;

/** Removes old imports and what nobody's request left in the spool, and has what waits worked on. */
export function cleanImports(deps: CleanDeps): JobKind {
  // By each node for itself: no clock of another's tells how old one is.
  const orphans: Orphans = new Map();
  return {
    everyMs: MINUTE_MS,
    run: async ({ signal }) => {
      await cleanTenants(deps, signal);
      await cleanSpool(deps, orphans, signal);
    },
  };
}

async function cleanTenants(deps: CleanDeps, signal: AbortSignal): Promise<void> {
  const { records } = deps.store;
  let after: string | undefined;
  for (;;) {
    const found = await records.list(QUEUE_KIND, after, AT_ONCE);
    for (const { id, value } of found) {
      signal.throwIfAborted();
      const tenant = id.slice(0, id.indexOf('/'));
      const queue = toQueue(value);
      if (hasWork(queue)) await deps.request(tenant, priorityOf(queue));
      await removeOld(deps, tenant, signal);
    }
    after = found.at(-1)?.id;
    if (after === undefined) return;
  }
}

/** The newest come first. */
async function removeOld(deps: CleanDeps, tenant: string, signal: AbortSignal): Promise<void> {
  const { imports, importRetentionMs } = deps;
  const before = new Date(Date.now() - importRetentionMs).toISOString();
  let after: string | undefined;
  let met = 0;
  for (;;) {
    const found = await imports.list(tenant, after, AT_ONCE);
    for (const stored of found) {
      met += 1;
      const { endedAt } = stored.record;
      const isOld = endedAt !== null && (endedAt < before || met > KEPT);
      if (!hasEnded(stored.record) || !isOld) continue;
      signal.throwIfAborted();
      await remove(deps, tenant, stored);
    }
    after = found.at(-1)?.id;
    if (after === undefined) return;
  }
}

async function remove(
  { imports, store }: CleanDeps,
  tenant: string,
  stored: StoredImport,
): Promise<void> {
  const { state, spooled } = stored.record;
  await imports.remove(tenant, stored);
  // Of one that is done they were given back.
  if (state === 'done' || spooled === null) return;
  await changeQueue(store.records, tenant, (queue) => ({
    ...queue,
    spooledBytes: Math.max(0, queue.spooledBytes - spooled.bytes),
  }));
}

/** A spool without an import is that of a request whose body still comes, or that has ended without an answer. */
async function cleanSpool(
  { imports, store }: CleanDeps,
  orphans: Orphans,
  signal: AbortSignal,
): Promise<void> {
  const met: Orphans = new Map();
  let after: SpoolName | undefined;
  for (;;) {
    const found = await store.spool.list(after, AT_ONCE);
    for (const { tenant, name, last } of found) {
      signal.throwIfAborted();
      const id = importOf({ name });
      if ((await imports.find(tenant, id)) !== undefined) continue;
      const before = orphans.get(`${tenant}/${name}`);
      const looks = before?.last === last ? before.looks + 1 : 1;
      if (looks < ORPHAN_LOOKS) met.set(`${tenant}/${name}`, { last, looks });
      else await imports.empty(tenant, id);
    }
    after = found.at(-1);
    if (after === undefined) break;
  }
  orphans.clear();
  for (const [key, orphan] of met) orphans.set(key, orphan);
}
