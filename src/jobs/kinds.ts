import type { ColdArchive } from '../backup/cold/cold-archive.js';
import type { Logger } from '../core/logger.js';
import type { JsonValue } from '../core/product.js';
import type { History } from '../backup/history.js';
import type { Placer } from '../placement/placer.js';
import { TENANT_KIND } from '../store/record-store.js';
import { isShared } from '../tenancy/handover.js';
import type { KeyDesk } from '../tenancy/keys/key-desk.js';
import { movedRecord, valueOf, type TenantRecord } from '../tenancy/tenant-record.js';
import type { Store } from '../store/store.js';
import { removeTenantRecords } from '../store/tenant-records.js';
import type { Encoder } from '../embedding/encoder.js';
import { ARCHIVE_PRODUCTS, archiveProducts, type ArchiveDeps } from './archive-products.js';
import { calibrateCutoff, type CalibrationDeps } from './calibrate-cutoff.js';
import { DEDICATE_NODES, dedicateNodes, type DedicateDeps } from './dedicate-nodes.js';
import { FOLLOW_ADVICE, followAdvice, type FollowDeps } from './follow-advice.js';
import { GROW_PARTITIONS, growPartitions, type GrowDeps } from './grow-partitions.js';
import { ALL, requestJob, type JobKind, type JobWork } from './job.js';
import { cleanImports } from './imports/clean-imports.js';
import { IMPORT } from './imports/import-desk.js';
import { ImportStore, removeSpools } from './imports/import-store.js';
import { runImports, type ImportDeps } from './imports/run-imports.js';
import { NOTE_FILL, noteFill, type FillDeps } from './note-fill.js';
import { REPLACE_NODES, replaceNodes, type ReplaceDeps } from './replace-nodes.js';
import { SETTLE_REPLICAS, settleReplicas, type SettleDeps } from './settle-replicas.js';
import { SWEEP_PRICES, sweepPrices, type SweepDeps } from './sweep-prices.js';
import { SWITCH_TERMS, switchTerms, type SwitchDeps } from './switch-terms.js';

const MINUTE_MS = 60_000;
const CALIBRATION_EVERY_MS = 5 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const TENANTS_AT_ONCE = 100;
const ROWS_AT_ONCE = 1_000;

/** The job that removes a tenant, which must be marked as dropping: its key is the tenant. */
export const DROP_TENANT = 'drop tenant';

const PURGE_TOMBSTONES = 'purge of tombstones';
const EMPTIED_CATEGORIES = 'emptied categories';
const OF_CLUSTER: ReadonlySet<string> = new Set([
  ...[PURGE_TOMBSTONES, EMPTIED_CATEGORIES, SETTLE_REPLICAS, REPLACE_NODES],
  ...[DEDICATE_NODES, GROW_PARTITIONS, FOLLOW_ADVICE, NOTE_FILL],
]);

export interface KindDeps
  extends
    Omit<SwitchDeps, 'store' | 'tenants'>,
    Omit<SettleDeps, 'store'>,
    ReplaceDeps,
    DedicateDeps,
    FillDeps,
    Omit<GrowDeps, 'store'>,
    Omit<SweepDeps, 'store'> {
  store: Store;
  keys: Pick<KeyDesk, 'forgetTenant'>;
  placement: Pick<Placer, 'giveBack'>;
  tombstoneRetentionMs: number;
  /** Undefined with `--model none`. */
  encoder: Encoder | undefined;
  history: Pick<History, 'sweep'>;
  /** Undefined: what relieves nodes is only said. */
  advice: Omit<FollowDeps, 'logger'> | undefined;
  imports: Omit<ImportDeps, 'imports' | 'store' | 'logger'> & { importRetentionMs: number };
  tenants: SwitchDeps['tenants'] & CalibrationDeps['tenants'];
  tiers: Omit<ArchiveDeps, 'store' | 'logger'>;
  logger: Logger;
}

/** What is done in the background, by one node of all at a time. */
export function jobKinds(deps: KindDeps): ReadonlyMap<string, JobKind> {
  const { store, placement, tenants, encoder, tombstoneRetentionMs, history, logger, advice } =
    deps;
  const purge = async (): Promise<void> => {
    await store.purgeTombstones(Date.now() - tombstoneRetentionMs);
  };
  const giveBack = async (tenant: string): Promise<void> => {
    const categories = await placement.giveBack(tenant);
    if (categories > 0) logger.info({ tenant, categories }, 'emptied categories gave way');
  };
  const recount = async (tenant: string): Promise<void> => {
    const wrong = await store.recount(tenant);
    if (wrong.length > 0) logger.warn({ tenant, wrong: wrong.slice(0, 10) }, 'counts were wrong');
  };
  const recountMiscounted = async (): Promise<void> => {
    for (const tenant of await store.miscounted()) {
      // One that is written all the time holds up no other; it stays marked.
      await recount(tenant).catch((err: unknown) => logger.warn({ err, tenant }, 'not recounted'));
    }
  };
  const calibrate = async (tenant: string, signal: AbortSignal): Promise<void> => {
    if (encoder !== undefined) await calibrateCutoff({ store, tenants, encoder }, tenant, signal);
  };
  const relief: [string, JobKind][] =
    advice === undefined ? [] : [[FOLLOW_ADVICE, followAdvice({ ...advice, logger })]];
  return new Map<string, JobKind>([
    ...relief,
    [PURGE_TOMBSTONES, { everyMs: MINUTE_MS, run: purge }],
    [EMPTIED_CATEGORIES, { everyMs: HOUR_MS, run: (work) => forEachTenant(store, work, giveBack) }],
    [
      'sweep of history',
      {
        everyMs: HOUR_MS,
        run: (work) => forEachTenant(store, work, (tenant) => history.sweep(tenant, work.signal)),
      },
    ],
    // Where counts are written apart from products, a writer that died in between leaves them wrong.
    [
      'recount',
      {
        everyMs: store.directory === undefined ? undefined : MINUTE_MS,
        run: ({ key }) => (key === ALL ? recountMiscounted() : recount(key)),
      },
    ],
    [
      'calibration of cutoffs',
      {
        ...(encoder === undefined ? {} : { everyMs: CALIBRATION_EVERY_MS }),
        run: (work) => forEachTenant(store, work, (tenant) => calibrate(tenant, work.signal)),
      },
    ],
    [DROP_TENANT, { run: (work) => dropTenant(deps, work) }],
    ...importKinds(deps),
    [ARCHIVE_PRODUCTS, archiveProducts({ ...deps.tiers, store, logger })],
    [SWITCH_TERMS, switchTerms(deps)],
    [SWEEP_PRICES, sweepPrices(deps)],
    [SETTLE_REPLICAS, settleReplicas(deps)],
    [REPLACE_NODES, replaceNodes(deps)],
    [DEDICATE_NODES, dedicateNodes(deps)],
    [GROW_PARTITIONS, growPartitions(deps)],
    [NOTE_FILL, noteFill(deps)],
  ]);
}

/** Of these the ones that change where products lie and how they are kept, and none of what is stored of them. */
export function ofCluster(kinds: ReadonlyMap<string, JobKind>): ReadonlyMap<string, JobKind> {
  return new Map([...kinds].filter(([kind]) => OF_CLUSTER.has(kind)));
}

function importKinds({ store, imports: given, logger }: KindDeps): [string, JobKind][] {
  const { records } = store;
  const imports = new ImportStore(records, store.spool);
  const request = (tenant: string, priority: number): Promise<void> =>
    requestJob(records, IMPORT, tenant, 0, priority);
  return [
    [IMPORT, runImports({ ...given, imports, store, logger })],
    ['clean-up of imports', cleanImports({ imports, store, request, ...given })],
  ];
}

/** One tenant after the other, or the one that is the key; goes on after the last that was done. */
async function forEachTenant(
  store: Store,
  work: JobWork,
  action: (tenant: string) => Promise<void>,
): Promise<void> {
  const { key, checkpoint, signal } = work;
  if (key !== ALL) return action(key);
  let after = textOf(checkpoint);
  for (;;) {
    const tenants = await store.tenants(after, TENANTS_AT_ONCE);
    for (const tenant of tenants) {
      signal.throwIfAborted();
      await action(tenant);
    }
    after = tenants.at(-1);
    if (after === undefined) return;
    await work.save(after);
  }
}

async function dropTenant(
  { store, keys, tiers }: Pick<KindDeps, 'store' | 'keys' | 'tiers'>,
  { key, signal }: JobWork,
): Promise<void> {
  const { records } = store;
  while (!(await store.dropTenant(key, ROWS_AT_ONCE))) signal.throwIfAborted();
  const before = (await records.get(TENANT_KIND, key))?.value as unknown as
    TenantRecord | undefined;
  // Of one that moved, nobody else has what is cold; a copy's is that of the installation that it was copied from.
  if (before?.stays !== true && !(await isShared(records)))
    await removeChunks(tiers.archive, key, signal);
  if (before?.keepsKeys !== true) await keys.forgetTenant(key);
  await removeTenantRecords(records, key, signal);
  await removeSpools(store.spool, key, signal);
  const stored = await records.get(TENANT_KIND, key);
  if (stored === undefined) return;
  const record = stored.value as unknown as TenantRecord;
  if (record.stays !== true) await records.remove(TENANT_KIND, key, stored.revision);
  else await records.put(TENANT_KIND, key, valueOf(movedRecord(record)), stored.revision);
}

async function removeChunks(
  archive: ColdArchive | undefined,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  for (const chunk of (await archive?.chunks(tenant)) ?? []) {
    signal.throwIfAborted();
    await archive?.remove(tenant, chunk);
  }
}

function textOf(checkpoint: JsonValue): string | undefined {
  return typeof checkpoint === 'string' ? checkpoint : undefined;
}
