import { randomUUID } from 'node:crypto';
import { invalidField, OmniError } from '../core/errors.js';
import { changeRecord } from '../store/change-record.js';
import { TENANT_KIND } from '../store/record-store.js';
import type { Partition, Replica, Store, WriteMark } from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { TenantRecord } from '../tenancy/tenant-record.js';
import { copiedRow, type BackupLine, type PlacementLine } from './lines.js';
import { checkRecord, type KindRecord } from './record-kinds.js';
import type { Imported, CopyWriter } from './copy-writer.js';

const MAX_ATTEMPTS = 6;
/** Its changes are told by what it is made with. */
const TALLY_KIND = 'merchandising';

interface Deps {
  store: Store;
  tenants: Pick<TenantDirectory, 'put'>;
  /** Of the vectors that this node makes and compares. */
  model: { name: string; fingerprint: string; dimensions: number };
  rows: Pick<CopyWriter, 'write'>;
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

  /** Applies lines of products in their order. Rejects `invalid_field` for what is no such line, and as `CopyWriter` does. */
  async products(tenant: string, lines: readonly BackupLine[]): Promise<Imported> {
    const { model, rows } = this.deps;
    const copied = lines.map(copiedRow);
    for (const row of copied) {
      if (row.op === 'delete' || row.model !== model.fingerprint) continue;
      if (row.vector.length === model.dimensions) continue;
      throw invalidField('vectors.text', `must be ${model.dimensions} numbers`);
    }
    return rows.write(tenant, copied);
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

  /** Removes a record that another installation has no more. Rejects `unavailable`. */
  async removeRecord({ kind, id }: Omit<KindRecord, 'value'>): Promise<void> {
    const at = { kind, id, what: 'the record', attempts: MAX_ATTEMPTS };
    await changeRecord(this.deps.store.records, at, () => 'gone');
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
