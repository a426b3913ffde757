import { catalogueFeed } from '../../store/catalogue-pages.js';
import { isPrunable } from '../../store/decide.js';
import type { Store } from '../../store/store.js';
import type { Unlisted } from '../../ingest/prune-products.js';
import type { HeldImport } from './held-import.js';
import { sightOf, type ImportRecord } from './import-record.js';
import { spoolOf } from './import-store.js';
import { SeenIds } from './seen-ids.js';
import type { RowDeps, StepEnd } from './write-rows.js';

const SAVE_MS = 500;

interface PruneDeps extends RowDeps {
  store: Store;
  /** From which share of its products on a prune has to be confirmed. */
  pruneConfirmShare: number;
}

/** What pruning comes to: `ask` where it would delete more than it may by itself. */
type PruneEnd = StepEnd | 'ask';

/**
 * Deletes what the feed of an import does not have: counted first, and only then, where that is not too much, deleted,
 * each product as it was seen. Begun again, it goes on: what it has deleted bears its number.
 */
export async function pruneCatalogue(
  deps: PruneDeps,
  held: HeldImport,
  signal: AbortSignal,
): Promise<PruneEnd> {
  const { tenant, record } = held;
  const plan = record.toPrune === null ? await planned(deps, held, signal) : record;
  if (record.dryRun) return 'done';
  if (plan.mustConfirm && !record.isConfirmed) return 'ask';
  const target = { tenant, imported: sightOf(record), signal };
  // Begun again: what it has deleted before bears its number.
  let pruned = record.toPrune === null ? 0 : await countGone(deps, held, signal);
  let savedAtMs = performance.now();
  for await (const { found } of unlisted(deps, held, signal)) {
    pruned += await deps.ingest.prune(target, found);
    if (performance.now() - savedAtMs < SAVE_MS) continue;
    const now = pruned;
    await held.save((before) => ({ ...before, pruned: Math.max(before.pruned, now) }));
    savedAtMs = performance.now();
  }
  await held.save((before) => ({ ...before, pruned }));
  return 'done';
}

/** Counts what would go, and keeps it. */
async function planned(
  deps: PruneDeps,
  held: HeldImport,
  signal: AbortSignal,
): Promise<Pick<ImportRecord, 'toPrune' | 'mustConfirm'>> {
  const { products } = await deps.store.usage(held.tenant);
  let toPrune = 0;
  for await (const { found } of unlisted(deps, held, signal)) toPrune += found.length;
  const isMuch = toPrune > deps.pruneConfirmShare * products;
  // A row that names no product may be about one of these.
  const isUnsure = held.record.progress.counts.nameless > 0;
  const plan = { toPrune, mustConfirm: toPrune > 0 && (isMuch || isUnsure) };
  await held.save((record) => ({ ...record, ...plan }));
  return plan;
}

async function countGone(deps: PruneDeps, held: HeldImport, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const { gone } of unlisted(deps, held, signal)) count += gone;
  return count;
}

interface UnlistedPage {
  found: Unlisted[];
  /** Products of this page that the import has deleted before. */
  gone: number;
}

/** What the feed does not have and the import may delete, a page of the catalogue at a time. */
async function* unlisted(
  { store, imports }: PruneDeps,
  { tenant, id, record }: HeldImport,
  signal: AbortSignal,
): AsyncGenerator<UnlistedPage> {
  const sight = sightOf(record);
  const { seenChunks: chunks, counts } = record.progress;
  const parts = SeenIds.partsOf(counts.rows);
  for (let part = 0; part < parts; part++) {
    const at = spoolOf(tenant, id, 'seen');
    const of = { part, parts };
    const seen = await SeenIds.load(imports.spool, at, { chunks, ids: counts.rows }, of);
    for await (const { entries } of catalogueFeed(store, tenant)) {
      signal.throwIfAborted();
      const ids = entries.filter((one) => seen.has(one.id) === false).map((one) => one.id);
      if (ids.length === 0) continue;
      const page: UnlistedPage = { found: [], gone: 0 };
      const heads = await store.heads(tenant, ids);
      heads.forEach((head, i) => {
        const own = ids[i] ?? '';
        if (head === undefined) return;
        if (isPrunable(head, sight)) page.found.push({ id: own, version: head.version });
        else if (head.deleted && head.imported === sight.number) page.gone += 1;
      });
      yield page;
    }
  }
}
