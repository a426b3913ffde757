import { setTimeout as sleep } from 'node:timers/promises';
import type { ColdArchive } from '../backup/cold/cold-archive.js';
import type { Logger } from '../core/logger.js';
import { giveWay } from '../core/precedence.js';
import { readFull, type FullRow } from '../store/catalogue-pages.js';
import { beginFound } from '../store/found-clock.js';
import { TENANT_KIND } from '../store/record-store.js';
import type { Position, Store } from '../store/store.js';
import { noteTierClock } from '../store/tier-clock.js';
import { tenantRecordId, TIERS_KIND } from '../store/tenant-records.js';
import { coldRule, goesByFound, tiersOf, type ColdRule } from '../tenancy/cold-rule.js';
import { isHandedOver, isShared } from '../tenancy/handover.js';
import { forgetFound } from './forget-found.js';
import type { JobKind, JobWork } from './job.js';
import { sweepArchive } from './sweep-archive.js';

/** The job that notes how old versions are, and has products go into the archive, for tenants with a rule. */
export const ARCHIVE_PRODUCTS = 'tiers of products';

export interface ArchiveDeps {
  store: Store;
  /** Undefined: there is no archive, and nothing goes cold. */
  archive: ColdArchive | undefined;
  everyMs: number;
  /** Share of the disk that is used, and from which on the next tier goes down. */
  diskUse(): Promise<number>;
  fullShare: number;
  /** Shards are told that the tenant was written. */
  nudge(tenant: string): void;
  logger: Logger;
}

const TENANTS_AT_ONCE = 200;
/** Of a page of the feed, and of a chunk: some megabytes. */
const PAGE_ENTRIES = 256;
const PAGE_BYTES = 8 * 1024 * 1024;
/** Between two pages: some 2,500 products a second at most. */
const PAUSE_MS = 100;
const CURSOR_ID = 'cold';

/** Up to where a tenant's feed was looked at: what stands before is as it was, and was left by the same rule. */
interface Cursor {
  key: string;
  /** Identity of the store whose feed it was. */
  store: string;
  /** Base64. */
  position: string;
}

export function archiveProducts(deps: ArchiveDeps): JobKind {
  return {
    everyMs: deps.everyMs,
    results: ['archived', 'raced', 'disk full'],
    run: (work) => run(deps, work),
  };
}

async function run(deps: ArchiveDeps, work: JobWork): Promise<void> {
  const { store, archive, logger, fullShare } = deps;
  const handedOver = await isHandedOver(store.records);
  await forgetFound(store.records, handedOver, work.signal);
  // What goes cold meanwhile would be in no copy.
  if (handedOver) return;
  const mayRemove = !(await isShared(store.records));
  const used = await deps.diskUse();
  const isPressed = used >= fullShare;
  if (isPressed) {
    work.count('disk full');
    const percent = Math.round(100 * used);
    const what = archive === undefined ? 'there is no ARCHIVE_TARGET' : 'what is warm goes there';
    logger.warn({ percent }, `the disk is nearly full; of tenants that archive products: ${what}`);
  }
  for (let after: string | undefined; ;) {
    const found = await store.records.list(TENANT_KIND, after, TENANTS_AT_ONCE);
    for (const { id: tenant, value } of found) {
      work.signal.throwIfAborted();
      if (tiersOf(value) === undefined || value['state'] !== 'active') continue;
      const clock = await noteTierClock(store, tenant, Date.now());
      if (goesByFound(value)) await beginFound(store.records, tenant, Date.now());
      if (archive === undefined) continue;
      if (mayRemove) await sweepArchive(store, archive, tenant, Date.now(), work.signal);
      const known = { id: tenant, record: value, clock };
      const rule = await coldRule(store.records, known, Date.now(), isPressed);
      if (rule === undefined) continue;
      const { archived, raced } = await archiveTenant({ ...deps, archive }, tenant, rule, work);
      if (archived + raced === 0) continue;
      const why = isPressed ? 'the disk is nearly full: what was warm' : 'what is old';
      logger.info({ tenant, archived, raced }, `${why} went into the archive`);
    }
    after = found.at(-1)?.id;
    if (after === undefined) return;
  }
}

interface Moved {
  archived: number;
  /** Somebody wrote them meanwhile: they stay. */
  raced: number;
}

async function archiveTenant(
  deps: ArchiveDeps & { archive: ColdArchive },
  tenant: string,
  rule: ColdRule,
  work: JobWork,
): Promise<Moved> {
  const { store } = deps;
  const sum: Moved = { archived: 0, raced: 0 };
  const id = tenantRecordId(tenant, CURSOR_ID);
  const stored = await store.records.get(TIERS_KIND, id);
  const cursor = stored?.value as Cursor | undefined;
  const isOfThis = cursor?.key === rule.key && cursor.store === store.storeId;
  const start = isOfThis ? Buffer.from(cursor.position, 'base64') : undefined;
  let position: Position | undefined = start;
  let settled: Position | undefined;
  let isSettled = true;
  for (;;) {
    work.signal.throwIfAborted();
    await giveWay();
    const page = await store.readFeed(tenant, position, PAGE_ENTRIES, PAGE_BYTES);
    if (page.expired) {
      position = undefined;
      continue;
    }
    const due = page.entries.filter(({ version }) => version <= rule.upTo);
    const live = due
      .filter(({ deleted, version, id }) => !deleted && rule.mayTake(version, id))
      .map(({ id }) => id);
    const rows = await readFull(store, tenant, live);
    const taken = rows.filter(({ row, head }) => rule.takes(head.version, row.product));
    if (taken.length > 0) {
      const moved = await archiveRows(deps, tenant, taken);
      sum.archived += moved.archived;
      sum.raced += moved.raced;
      for (let i = 0; i < moved.archived; i++) work.count('archived');
      for (let i = 0; i < moved.raced; i++) work.count('raced');
      await sleep(PAUSE_MS, undefined, { signal: work.signal });
    }
    // The others of the page come of age later.
    if (due.length < page.entries.length) break;
    position = page.position;
    // What one rule has left another may take later: the next look begins before it.
    isSettled &&= page.entries.every(({ version }) => version <= rule.settledTo);
    if (isSettled) settled = position;
    if (page.atEnd) break;
  }
  const reached = settled && Buffer.from(settled).toString('base64');
  if (reached !== undefined && !(isOfThis && reached === cursor.position)) {
    const next: Cursor = { key: rule.key, store: store.storeId, position: reached };
    // Another runner has come as far, or begins a little earlier.
    await store.records.put(TIERS_KIND, id, { ...next }, stored?.revision ?? 0);
  }
  return sum;
}

/**
 * Into the archive first, which has read back what it wrote, then out of the store, each only while it is what was
 * archived: whoever dies in between leaves a chunk that nothing names, and whoever writes meanwhile is not touched.
 */
async function archiveRows(
  deps: ArchiveDeps & { archive: ColdArchive },
  tenant: string,
  rows: readonly FullRow[],
): Promise<Moved> {
  const { store, archive } = deps;
  const chunk = await archive.put(tenant, rows);
  const moved: Moved = { archived: 0, raced: 0 };
  for (let at = 0; at < rows.length; at += store.writesAtOnce) {
    const writes = rows.slice(at, at + store.writesAtOnce).map(({ row, head }) => ({
      ...{ op: 'delete' as const, id: row.product.id, archive: chunk },
      ...{ feedVersion: head.feedVersion, ifVersion: head.version },
    }));
    const { statuses } = await store.write(tenant, writes);
    for (const status of statuses) moved[status === 'applied' ? 'archived' : 'raced'] += 1;
  }
  deps.nudge(tenant);
  return moved;
}
