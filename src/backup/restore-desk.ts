import { randomUUID } from 'node:crypto';
import { invalidField, OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { giveWay } from '../core/precedence.js';
import { backOff } from '../core/retry.js';
import { NO_PRICES } from '../core/price-entries.js';
import { priceWrites } from '../store/price-writes.js';
import { TENANT_KIND } from '../store/record-store.js';
import { changeRecord } from '../store/change-record.js';
import type {
  Partition,
  PartitionRef,
  ProductWrite,
  Replica,
  Store,
  WriteMark,
} from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { TenantRecord } from '../tenancy/tenant-record.js';
import {
  isPut,
  pricesOf,
  vectorOf,
  type BackupLine,
  type PlacementLine,
  type PutLine,
} from './lines.js';
import { checkRecord, type KindRecord } from './record-kinds.js';

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 20;
/** Its changes are told by what it is made with. */
const TALLY_KIND = 'merchandising';

interface Deps {
  store: Store;
  tenants: Pick<TenantDirectory, 'put'>;
  /** Of the vectors that this node makes and compares. */
  model: { name: string; fingerprint: string };
  /** Places for rows of these categories (category to rows). */
  place(
    tenant: string,
    categories: ReadonlyMap<string, number>,
    isStale: boolean,
  ): Promise<{ of(category: string, id: string): PartitionRef | undefined }>;
  /** Names of the nodes that there are. */
  nodes(): Promise<readonly string[]>;
  /** Shards are told that the tenant was written. */
  nudge(tenant: string): void;
  /** Resolves with the names of the shards that lag. */
  awaitApplied(
    tenant: string,
    mark: WriteMark,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<string[]>;
}

/** What became of the lines of a request. */
export interface Imported {
  written: number;
  deleted: number;
  /** There already, as they are in the backup. */
  unchanged: number;
}

/** Takes lines of a backup. Whatever is sent again does no harm. */
export class RestoreDesk {
  constructor(private readonly deps: Deps) {}

  /** Rejects `conflict` where the backup's vectors can not be compared with those made here. */
  checkModel(fingerprint: string): void {
    const { model } = this.deps;
    if (fingerprint === model.fingerprint) return;
    const there = `its vectors are of the model ${fingerprint}, this server's of ${model.fingerprint} (${model.name})`;
    throw new OmniError(
      'conflict',
      `${there}: restore with a server of the backup's model, then start that with another and --reembed`,
      { field: 'model' },
    );
  }

  /** Applies lines of products in their order. Rejects `invalid_field` for what is no such line, `unavailable`. */
  async products(tenant: string, lines: readonly BackupLine[]): Promise<Imported> {
    const imported: Imported = { written: 0, deleted: 0, unchanged: 0 };
    const { writesAtOnce } = this.deps.store;
    for (let at = 0; at < lines.length; at += writesAtOnce) {
      await this.write(tenant, lastOfEach(lines.slice(at, at + writesAtOnce)), imported);
    }
    this.deps.nudge(tenant);
    return imported;
  }

  private async write(tenant: string, lines: readonly BackupLine[], imported: Imported) {
    const { store } = this.deps;
    let left = lines;
    for (let attempt = 1; left.length > 0; attempt++) {
      if (attempt > MAX_ATTEMPTS) throw keepsChanging(tenant);
      if (attempt > 1) await backOff(attempt, BACKOFF_MS);
      await giveWay();
      const places = await this.deps.place(tenant, categoriesOf(left), attempt > 1);
      const writes = left.map((line): ProductWrite => {
        if ('put' in line) return toPut(line, places.of(line.put.category, line.put.id));
        if ('delete' in line) {
          return { op: 'delete', id: line.delete, feedVersion: line.feed_version, isCopy: true };
        }
        throw invalidField('lines', 'must be products and deletes');
      });
      const { statuses } = await store.write(tenant, writes);
      left = left.filter((line, i) => {
        const status = statuses[i] ?? 'conflict';
        if (status === 'applied') imported['put' in line ? 'written' : 'deleted'] += 1;
        else if (status === 'unchanged' || status === 'missing') imported.unchanged += 1;
        else if (status !== 'conflict') throw notTaken(tenant, idOf(line), status);
        return status === 'conflict';
      });
    }
    await this.writePrices(tenant, lines.filter(isPut));
  }

  /** What price lists say of these, as the backup has it. */
  private async writePrices(tenant: string, lines: readonly PutLine[]): Promise<void> {
    const { store } = this.deps;
    const ids = lines.map(({ put }) => put.id);
    const there = await store.prices(tenant, ids);
    const writes = lines.flatMap((line, i) =>
      priceWrites(line.put.id, pricesOf(line), there[i]?.prices ?? NO_PRICES),
    );
    for (let at = 0; at < writes.length; at += store.writesAtOnce) {
      await store.write(tenant, writes.slice(at, at + store.writesAtOnce));
    }
  }

  /**
   * Puts a record where there is none of its name, or in the place of what there is with `replace`; false: it was left.
   * Rejects `invalid_field` for what no backup brings back, `unavailable`.
   */
  async record(record: KindRecord, replace: boolean): Promise<boolean> {
    checkRecord(record);
    const { kind, id, value } = record;
    if (kind === TENANT_KIND) {
      const restored = { ...value, id } as unknown as TenantRecord;
      await this.deps.tenants.put(id, () => restored);
      return true;
    }
    const at = { kind, id, what: 'the record', attempts: MAX_ATTEMPTS };
    const own = kind === TALLY_KIND ? { ...value, made: randomUUID() } : value;
    const { before } = await changeRecord(this.deps.store.records, at, (stored) =>
      stored === undefined || replace ? own : undefined,
    );
    return before === undefined || replace;
  }

  /**
   * Has a tenant that has no partitions lie as it did, where the nodes are those of then; false: its first products are
   * placed as any, on whatever nodes there are.
   */
  async placement({ tenant, partitions, nodes = [] }: PlacementLine): Promise<boolean> {
    const { store } = this.deps;
    const [now, then] = [await this.deps.nodes(), nodes].map((names) => [...names].sort().join());
    const { counter, partitions: there } = await store.placement(tenant);
    if (now !== then || there.length > 0) return false;
    return store.replacePlacement(tenant, partitions.map(asFirst), counter);
  }

  /** Until all that is stored of the tenant is searchable; resolves with the shards that lag after `timeoutMs`. */
  async settle(tenant: string, timeoutMs: number, signal?: AbortSignal): Promise<string[]> {
    const mark = await this.deps.store.head(tenant);
    this.deps.nudge(tenant);
    return this.deps.awaitApplied(tenant, mark, timeoutMs, signal);
  }
}

/** Nothing was written yet: whoever holds it has all of it. */
function asFirst({ replicas, ...partition }: Partition): Partition {
  const lasting = replicas.filter(({ state }) => state !== 'leaving');
  const held = lasting.length > 0 ? lasting : replicas;
  const first = held.map(({ node }): Replica => ({ node, state: 'serving', isFirst: true }));
  return { ...partition, replicas: first, epoch: 1 };
}

function idOf(line: BackupLine): string {
  if ('put' in line) return line.put.id;
  return 'delete' in line ? line.delete : '';
}

/** Of each id the last line. */
function lastOfEach(lines: readonly BackupLine[]): BackupLine[] {
  return [...new Map(lines.map((line) => [idOf(line), line])).values()];
}

function categoriesOf(lines: readonly BackupLine[]): Map<string, number> {
  const rows = new Map<string, number>();
  for (const { put } of lines.filter(isPut)) {
    rows.set(put.category, (rows.get(put.category) ?? 0) + 1);
  }
  return rows;
}

function toPut(line: PutLine, partition: PartitionRef | undefined): ProductWrite {
  const { put: product, model, content_hash: contentHash, embed_hash: embedHash } = line;
  if (partition === undefined) {
    throw new OmniError('unavailable', `there is no place for the category ${product.category}`, {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const vectors = { text: vectorOf(line.vectors.text) };
  const hashes = { feedVersion: line.feed_version, contentHash, embedHash };
  return { op: 'put', id: product.id, product, ...hashes, model, vectors, partition, isCopy: true };
}

/** A restore that leaves something out must not look like one that is whole. */
function notTaken(tenant: string, id: string, status: string): OmniError {
  return new OmniError('conflict', `the product ${id} of ${tenant} was not written: ${status}`);
}

function keepsChanging(tenant: string): OmniError {
  const details = { retryAfterMs: RETRY_AFTER_MS };
  return new OmniError('unavailable', `others keep changing ${tenant}`, details);
}
