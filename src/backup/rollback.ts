import type { Product } from '../core/product.js';
import type { Store } from '../store/store.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import type { Before, History } from './history.js';
import type { RestoreDesk } from './restore-desk.js';
import { isPut, vectorText, type BackupLine } from './lines.js';

const NAMED = 20;

/** What becomes of a catalogue, or would. */
export interface RolledBack {
  /** Get back what they were. */
  changed: number;
  /** Were deleted since, and come back. */
  restored: number;
  /** Came since, and go. */
  removed: number;
  /** Some of each. */
  first: { changed: string[]; restored: string[]; removed: string[] };
}

type Kind = keyof RolledBack['first'];

interface Deps {
  store: Pick<Store, 'heads' | 'prices'>;
  history: Pick<History, 'check' | 'since'>;
  restores: Pick<RestoreDesk, 'products'>;
  audit: Pick<AuditLog, 'note'>;
  /** Of the vectors that this node compares. */
  model: { fingerprint: string };
  /** Vectors of that model. Rejects `unavailable` without an encoder. */
  embed: (products: readonly Product[]) => Promise<{ embedHash: string; vector: Float32Array }[]>;
}

/** A tenant's products as they were at a time. */
export class Rollback {
  constructor(private readonly deps: Deps) {}

  /**
   * Has all products be what they were at `toMs`; with `preview` it only says what that would be. Done again it goes on
   * where it was cut off, and it can be undone by another. Rejects `conflict` where nothing is known of that time.
   */
  async run(
    tenant: string,
    toMs: number,
    { preview, by, signal }: { preview: boolean; by: string | null; signal?: AbortSignal },
  ): Promise<RolledBack> {
    const { history, restores, audit } = this.deps;
    await history.check(toMs);
    if (!preview) {
      const target = new Date(toMs).toISOString();
      const bodies = { before: undefined, after: undefined };
      await audit.note(tenant, { by, kind: 'rollback', target, ...bodies });
    }
    const sum: RolledBack = {
      ...{ changed: 0, restored: 0, removed: 0 },
      first: { changed: [], restored: [], removed: [] },
    };
    /** The first that was noted of a product after that time is what it was then. */
    const seen = new Set<string>();
    // What this writes is noted, too.
    for await (const noted of history.since(tenant, toMs, Date.now())) {
      signal?.throwIfAborted();
      const first = noted.filter(({ id }) => !seen.has(id));
      for (const { id } of first) seen.add(id);
      const lines = await this.differing(tenant, first, sum);
      if (!preview && lines.length > 0) await restores.products(tenant, await this.ofModel(lines));
    }
    return sum;
  }

  private async differing(
    tenant: string,
    noted: readonly Before[],
    sum: RolledBack,
  ): Promise<BackupLine[]> {
    const ids = noted.map(({ id }) => id);
    const [heads, prices] = await Promise.all([
      this.deps.store.heads(tenant, ids),
      this.deps.store.prices(tenant, ids),
    ]);
    return noted.flatMap(({ id, was }, i): BackupLine[] => {
      const head = heads[i];
      const isThere = head?.deleted === false;
      if (was === null && !isThere) return [];
      // The vector of another model is none to go back to: then the content decides.
      const isSame =
        isThere &&
        head.contentHash === was?.content_hash &&
        (head.embedHash === was.embed_hash || was.model !== this.deps.model.fingerprint);
      const listed = Buffer.from(prices[i]?.prices ?? []).toString('base64');
      if (isSame && listed === (was.prices ?? '')) return [];
      note(sum, was === null ? 'removed' : isThere ? 'changed' : 'restored', id);
      if (was === null) return [{ delete: id }];
      // Older than what is stored by the shop's own numbers: it is to be written all the same.
      return [{ ...was, feed_version: undefined }];
    });
  }

  /** Noted before the model changed: embedded anew, or no search would find them. */
  private async ofModel(lines: readonly BackupLine[]): Promise<BackupLine[]> {
    const { model, embed } = this.deps;
    const old = lines.filter(isPut).filter((line) => line.model !== model.fingerprint);
    if (old.length === 0) return [...lines];
    const made = await embed(old.map(({ put }) => put));
    const anew = new Map(old.map(({ put }, i) => [put.id, made[i]]));
    return lines.map((line) => {
      const found = isPut(line) ? anew.get(line.put.id) : undefined;
      if (found === undefined) return line;
      const vectors = { text: vectorText(found.vector) };
      return { ...line, vectors, model: model.fingerprint, embed_hash: found.embedHash };
    });
  }
}

function note(sum: RolledBack, kind: Kind, id: string): void {
  sum[kind] += 1;
  if (sum.first[kind].length < NAMED) sum.first[kind].push(id);
}
