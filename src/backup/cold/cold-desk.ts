import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import { backOff } from '../../core/retry.js';
import type { PutProduct, Store, StoredHead, WriteMark } from '../../store/store.js';
import { keepsChanging, type CopiedPut, type CopyWriterDeps } from '../copy-writer.js';
import { quotaExceeded } from '../../tenancy/plan-book.js';
import { BackupProblem } from '../problem.js';
import type { ColdArchive } from './cold-archive.js';

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 20;

export interface ColdDeskDeps extends Pick<CopyWriterDeps, 'place' | 'nudge'> {
  store: Pick<Store, 'heads' | 'write'>;
  /** Undefined: this node knows no archive. */
  archive: ColdArchive | undefined;
  /** Fingerprint of the model that serves. */
  model: string;
  /** Products that a tenant may have by its plan; undefined: any number. */
  maxProducts(tenant: string): Promise<number | undefined>;
}

/** What became of products that were asked for; `mark` covers all that were brought back. */
export interface BroughtBack {
  restored: number;
  /** Live already. */
  live: number;
  missing: number;
  mark: WriteMark | undefined;
}

/** Brings products back from the archive as they were, while nobody has written them since. */
export class ColdDesk {
  constructor(private readonly deps: ColdDeskDeps) {}

  /**
   * Rejects `unavailable` where the archive does not answer, is not whole or is not known here, and `conflict` where a
   * product has vectors of another model: to write it again is all that helps then. `quota_exceeded` where the tenant
   * has as many products as it may.
   */
  async restore(tenant: string, ids: readonly string[]): Promise<BroughtBack> {
    const result: BroughtBack = { restored: 0, live: 0, missing: 0, mark: undefined };
    let left = [...new Set(ids)];
    for (let attempt = 1; left.length > 0; attempt++) {
      if (attempt > MAX_ATTEMPTS) throw keepsChanging(tenant);
      if (attempt > 1) await backOff(attempt, BACKOFF_MS);
      const heads = await this.deps.store.heads(tenant, left);
      const cold = new Map<string, StoredHead>();
      left.forEach((id, i) => {
        const head = heads[i];
        if (head?.archive !== undefined) cold.set(id, head);
        else result[head?.deleted === false ? 'live' : 'missing'] += 1;
      });
      left = cold.size === 0 ? [] : await this.bringBack(tenant, cold, attempt > 1, result);
    }
    if (result.restored > 0) this.deps.nudge(tenant);
    return result;
  }

  /** Returns the ids to look at again. */
  private async bringBack(
    tenant: string,
    cold: ReadonlyMap<string, StoredHead>,
    isStale: boolean,
    result: BroughtBack,
  ): Promise<string[]> {
    const { place, store, model } = this.deps;
    const rows = await this.read(tenant, cold);
    const categories = new Map<string, number>();
    for (const { product } of rows) {
      categories.set(product.category, (categories.get(product.category) ?? 0) + 1);
    }
    const places = await place(tenant, categories, isStale);
    const [refused] = places.refused.values();
    if (refused !== undefined) throw refused;
    const maxProducts = await this.deps.maxProducts(tenant);
    const writes = rows.map((row): PutProduct => {
      const { product, vector, feedVersion, contentHash, embedHash } = row;
      const { id, category } = product;
      if (row.model !== model) throw ofAnotherModel(id);
      return {
        ...{ op: 'put', id, product, feedVersion, contentHash, embedHash, model },
        vectors: { text: vector },
        ifVersion: (cold.get(id) as StoredHead).version,
        partition: places.of(category, id),
        isCopy: true,
        ...(maxProducts === undefined ? {} : { maxProducts }),
      };
    });
    const { statuses, mark } = await store.write(tenant, writes);
    result.mark = mark;
    if (statuses.includes('full'))
      throw quotaExceeded('max_products', maxProducts ?? 0, 'products');
    return writes.flatMap(({ id }, i) => {
      if (statuses[i] !== 'applied') return [id];
      result.restored += 1;
      return [];
    });
  }

  private async read(tenant: string, cold: ReadonlyMap<string, StoredHead>): Promise<CopiedPut[]> {
    const { archive } = this.deps;
    if (archive === undefined) throw unreadable('this node knows no archive: set ARCHIVE_TARGET');
    const chunks = new Set(Array.from(cold.values(), (head) => head.archive as string));
    const found: CopiedPut[] = [];
    for (const chunk of chunks) {
      const rows = await archive.read(tenant, chunk).catch((error: unknown) => {
        throw unreadable(
          error instanceof BackupProblem ? error.message : 'it does not answer',
          error,
        );
      });
      found.push(...rows.filter(({ product }) => cold.get(product.id)?.archive === chunk));
    }
    if (found.length < cold.size) throw unreadable('a chunk lacks a product');
    return found;
  }
}

function unreadable(why: string, cause?: unknown): OmniError {
  const details = { retryAfterMs: RETRY_AFTER_MS, ...(cause === undefined ? {} : { cause }) };
  return new OmniError('unavailable', `the archive cannot be read: ${why}`, details);
}

function ofAnotherModel(id: string): OmniError {
  const message = `${id} was archived with vectors of another model: send it again`;
  return new OmniError('conflict', message, { field: 'id' });
}
