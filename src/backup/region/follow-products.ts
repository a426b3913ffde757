import { checkId, hashId } from '../../core/ids.js';
import { giveWay } from '../../core/precedence.js';
import { OmniError } from '../../core/errors.js';
import { TENANT_KIND } from '../../store/record-store.js';
import type { WriteNote } from '../../store/copies.js';
import type { Position, Store } from '../../store/store.js';
import type { CopiedRow, CopyWriter } from '../copy-writer.js';
import type { Primary } from './primary.js';
import { FEED_KIND, removeKind } from './region-records.js';

const PRUNED_AT_ONCE = 256;
const DROPPED_AT_ONCE = 500;
const TENANTS_AT_ONCE = 500;
/** A set of numbers holds 16 million; so many of them. */
const SETS = 16;

interface Deps {
  store: Store;
  rows: Pick<CopyWriter, 'write'>;
  primary: Pick<Primary, 'products'>;
  /** Of the vectors that this node compares. */
  model: { fingerprint: string };
}

/** A reading of a tenant, as far as it came. */
interface Pass {
  /** Of a copy over what is here already; undefined: it goes on from a place. */
  seen: SeenIds | undefined;
  after: string | undefined;
  /** Behind which position a page is of which products are damaged there. */
  damaged: { from: string | undefined } | undefined;
}

/** Products, tenant by tenant, in step with the primary's. */
export class ProductFollower {
  /** Those that a link broke, or that can not end, by tenant: they go on. */
  private readonly passes = new Map<string, Pass>();

  constructor(private readonly deps: Deps) {}

  /**
   * Reads on until nothing follows. Where the primary has forgotten deletes, or it is not known what is here, all is
   * copied again while that is served, and what the primary does not have goes at the end. While products are damaged
   * there, the others are read, but nothing goes and no place is noted.
   * @returns what is missing or old here as it is damaged there; undefined: all that the primary has is here
   */
  async follow(tenant: string, signal: AbortSignal): Promise<string | undefined> {
    let pass = (await this.begun(tenant, signal)) ?? (await this.begin(tenant));
    let isRead = await this.read(tenant, pass, signal);
    if (!isRead && pass.seen === undefined) {
      pass = newPass(new SeenIds());
      isRead = await this.read(tenant, pass, signal);
    }
    if (!isRead) {
      this.passes.delete(tenant);
      throw new OmniError('unavailable', `deletes of ${tenant} were forgotten during its copy`);
    }
    if (pass.damaged !== undefined) {
      return `products of ${tenant} are damaged at the primary, and missing or old here`;
    }
    await this.end(tenant, pass, signal);
    this.passes.delete(tenant);
    return undefined;
  }

  /** Has all tenants be copied again: their places were of another store. */
  async forget(): Promise<void> {
    this.passes.clear();
    await removeKind(this.deps.store.records, FEED_KIND);
  }

  /** Removes tenants that were never followed and have no record: of what this store was before. */
  async dropOthers(signal: AbortSignal): Promise<void> {
    const { store } = this.deps;
    for (let after: string | undefined; ;) {
      const tenants = await store.tenants(after, TENANTS_AT_ONCE);
      for (const tenant of tenants) {
        await giveWay();
        const followed = await store.records.get(FEED_KIND, tenant);
        if (followed === undefined) await this.dropped(tenant, signal);
      }
      if (tenants.length < TENANTS_AT_ONCE) return;
      after = tenants.at(-1);
    }
  }

  /** What goes on. Once nothing is damaged any more where something was, all behind the noted place is read again. */
  private async begun(tenant: string, signal: AbortSignal): Promise<Pass | undefined> {
    const pass = this.passes.get(tenant);
    if (pass?.damaged === undefined) return pass;
    const page = await this.deps.primary.products(tenant, pass.damaged.from, signal);
    if (page.position !== null && page.damaged > 0) return pass;
    this.passes.delete(tenant);
    return undefined;
  }

  private async begin(tenant: string): Promise<Pass> {
    const { store } = this.deps;
    const stored = await store.records.get(FEED_KIND, tenant);
    const position = stored?.value['position'];
    if (typeof position === 'string') return newPass(undefined, position);
    // From the start; where there is something already, it is not known what.
    const { entries } = await store.readFeed(tenant, undefined, 1);
    return newPass(entries.length === 0 ? undefined : new SeenIds());
  }

  /** False: the primary has forgotten deletes behind where it is. */
  private async read(tenant: string, pass: Pass, signal: AbortSignal): Promise<boolean> {
    this.passes.set(tenant, pass);
    for (let atEnd = false; !atEnd;) {
      const from = pass.after;
      const page = await this.deps.primary.products(tenant, from, signal);
      if (page.position === null) return false;
      if (page.damaged > 0) pass.damaged ??= { from };
      const isPlace = pass.seen === undefined && pass.damaged === undefined;
      const isNoted = isPlace && page.position !== from;
      await this.take(tenant, page.rows, isNoted ? noteOf(tenant, page.position) : undefined);
      for (const row of page.rows) {
        if (row.op === 'put') pass.seen?.add(row.product.id);
        else if (row.archive !== undefined) pass.seen?.add(row.id);
      }
      pass.after = page.position;
      atEnd = page.at_end;
    }
    return true;
  }

  private async end(tenant: string, { seen, after }: Pass, signal: AbortSignal): Promise<void> {
    if (seen !== undefined) await this.prune(tenant, seen, signal);
    const { products } = await this.deps.store.usage(tenant);
    if (products === 0 && (await this.dropped(tenant, signal))) return;
    if (seen !== undefined) await this.take(tenant, [], noteOf(tenant, after as string));
  }

  private async take(tenant: string, rows: readonly CopiedRow[], note?: WriteNote): Promise<void> {
    const { model } = this.deps;
    const other = rows.find((row) => row.op === 'put' && row.model !== model.fingerprint);
    if (other !== undefined) throw otherModel(model.fingerprint);
    await this.deps.rows.write(tenant, rows, note);
  }

  /** Deletes what was not seen, live or archived. */
  private async prune(tenant: string, seen: SeenIds, signal: AbortSignal): Promise<void> {
    const { store, rows } = this.deps;
    for (let at: Position | undefined, atEnd = false; !atEnd;) {
      signal.throwIfAborted();
      await giveWay();
      const page = await store.readFeed(tenant, at, PRUNED_AT_ONCE);
      const others = page.entries.filter(({ id }) => !seen.has(id));
      const heads = await store.heads(
        tenant,
        others.map(({ id }) => id),
      );
      const gone = others.filter(({ deleted }, i) => !deleted || heads[i]?.archive !== undefined);
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

function newPass(seen: SeenIds | undefined, after?: string): Pass {
  return { seen, after, damaged: undefined };
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
