import { checkId, hashId } from '../../core/ids.js';
import { giveWay } from '../../core/precedence.js';
import { OmniError } from '../../core/errors.js';
import { TENANT_KIND } from '../../store/record-store.js';
import type { WriteNote } from '../../store/copies.js';
import type { Position, Store } from '../../store/store.js';
import type { CopiedRow, CopyWriter } from '../copy-writer.js';
import type { Primary } from './primary.js';

/** Of a tenant: up to where this store has what the primary has. */
const FEED_KIND = 'region feed';
const PRUNED_AT_ONCE = 256;
const DROPPED_AT_ONCE = 500;
/** A set of numbers holds 16 million; so many of them. */
const SETS = 16;

interface Deps {
  store: Store;
  rows: Pick<CopyWriter, 'write'>;
  primary: Pick<Primary, 'products'>;
  /** Of the vectors that this node compares. */
  model: { fingerprint: string };
}

/** A copy over what is here already, as far as it came. */
interface Copy {
  seen: SeenIds;
  after: string | undefined;
  isEmpty: boolean;
}

/** Products, tenant by tenant, in step with the primary's. */
export class ProductFollower {
  /** Those that a link broke, by tenant: they go on. */
  private readonly copies = new Map<string, Copy>();

  constructor(private readonly deps: Deps) {}

  /**
   * Reads on until nothing follows. Where the primary has forgotten deletes, or it is not known what is here, all is
   * copied again while that is served, and what the primary does not have goes at the end.
   */
  async follow(tenant: string, signal: AbortSignal): Promise<void> {
    if (!this.copies.has(tenant)) {
      const place = await this.placeOf(tenant);
      if (place !== undefined && (await this.readOn(tenant, place.from, signal))) {
        const { products } = await this.deps.store.usage(tenant);
        if (products === 0) await this.dropped(tenant, signal);
        return;
      }
    }
    await this.copy(tenant, signal);
    this.copies.delete(tenant);
  }

  /** From where on there is something to read, undefined being the start; undefined: it is not known what is here. */
  private async placeOf(tenant: string): Promise<{ from: string | undefined } | undefined> {
    const { store } = this.deps;
    const stored = await store.records.get(FEED_KIND, tenant);
    const position = stored?.value['position'];
    if (typeof position === 'string') return { from: position };
    return (await store.usage(tenant)).products === 0 ? { from: undefined } : undefined;
  }

  /** Has all tenants be copied again: their places were of another store. */
  async forget(): Promise<void> {
    const { records } = this.deps.store;
    this.copies.clear();
    for (;;) {
      const found = await records.list(FEED_KIND, undefined, DROPPED_AT_ONCE);
      for (const { id, revision } of found) await records.remove(FEED_KIND, id, revision);
      if (found.length < DROPPED_AT_ONCE) return;
    }
  }

  /** False: the place is too old. */
  private async readOn(
    tenant: string,
    from: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let after = from; ;) {
      const page = await this.deps.primary.products(tenant, after, signal);
      if (page.position === null) return false;
      const isMoved = page.position !== after;
      if (isMoved) await this.take(tenant, page.rows, noteOf(tenant, page.position));
      if (page.at_end) return true;
      after = page.position;
    }
  }

  private async copy(tenant: string, signal: AbortSignal): Promise<void> {
    const copy = this.copies.get(tenant) ?? {
      seen: new SeenIds(),
      after: undefined,
      isEmpty: true,
    };
    this.copies.set(tenant, copy);
    for (let atEnd = false; !atEnd;) {
      const page = await this.deps.primary.products(tenant, copy.after, signal);
      if (page.position === null) {
        this.copies.delete(tenant);
        throw new OmniError('unavailable', `deletes of ${tenant} were forgotten during its copy`);
      }
      await this.take(tenant, page.rows);
      for (const row of page.rows) {
        if (row.op !== 'put') continue;
        copy.seen.add(row.product.id);
        copy.isEmpty = false;
      }
      copy.after = page.position;
      atEnd = page.at_end;
    }
    await this.prune(tenant, copy.seen, signal);
    if (copy.isEmpty && (await this.dropped(tenant, signal))) return;
    await this.take(tenant, [], noteOf(tenant, copy.after as string));
  }

  private async take(tenant: string, rows: readonly CopiedRow[], note?: WriteNote): Promise<void> {
    const { model } = this.deps;
    const other = rows.find((row) => row.op === 'put' && row.model !== model.fingerprint);
    if (other !== undefined) throw otherModel(model.fingerprint);
    await this.deps.rows.write(tenant, rows, note);
  }

  /** Deletes what was not seen. */
  private async prune(tenant: string, seen: SeenIds, signal: AbortSignal): Promise<void> {
    const { store, rows } = this.deps;
    for (let at: Position | undefined, atEnd = false; !atEnd;) {
      signal.throwIfAborted();
      await giveWay();
      const page = await store.readFeed(tenant, at, PRUNED_AT_ONCE);
      const gone = page.entries.filter(({ id, deleted }) => !deleted && !seen.has(id));
      const deletes = gone.map(({ id }) => ({ op: 'delete', id, feedVersion: undefined }) as const);
      if (deletes.length > 0) await rows.write(tenant, deletes);
      // Those deletes are entries of their own, further on.
      at = page.expired ? undefined : page.position;
      atEnd = page.atEnd && deletes.length === 0;
    }
  }

  /** Removes all of a tenant that is gone at the primary; false: it is there. */
  private async dropped(tenant: string, signal: AbortSignal): Promise<boolean> {
    const { store } = this.deps;
    const { records } = store;
    if ((await records.get(TENANT_KIND, tenant)) !== undefined) return false;
    while (!(await store.dropTenant(tenant, DROPPED_AT_ONCE))) signal.throwIfAborted();
    const stored = await records.get(FEED_KIND, tenant);
    if (stored !== undefined) await records.remove(FEED_KIND, tenant, stored.revision);
    return true;
  }
}

/** Ids by 53 bits of their hashes: two of a million share one once in 10^10. */
class SeenIds {
  private readonly sets = Array.from({ length: SETS }, () => new Set<number>());

  add(id: string): void {
    this.setOf(id).add(hashOf(id));
  }

  has(id: string): boolean {
    return this.setOf(id).has(hashOf(id));
  }

  private setOf(id: string): Set<number> {
    return this.sets[hashId(id) % SETS] as Set<number>;
  }
}

function hashOf(id: string): number {
  return hashId(id) * 2 ** 21 + (checkId(id) >>> 11);
}

function noteOf(tenant: string, position: string): WriteNote {
  return { kind: FEED_KIND, id: tenant, value: { position } };
}

/** Throws what says that vectors of two models are never compared. */
export function otherModel(own: string): OmniError {
  const message = `the primary's products are of another model than this region's, ${own}: start it with the primary's`;
  return new OmniError('conflict', message, { field: 'model' });
}
