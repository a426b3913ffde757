import { OmniError, RETRY_AFTER_MS, reasonOf } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';
import type { DamagedValue } from '../../core/shard-status.js';
import type {
  CategoryCount,
  ChangedTenants,
  FeedPage,
  Position,
  StoredDocument,
  StoredHead,
  StoredPrices,
  StoredRow,
  StoreReader,
  TenantPlacement,
  TenantUsage,
  WriteMark,
} from '../store.js';
import type { RecordReader } from '../record-store.js';
import { StoredTextRow, type StoredText } from '../stored-text.js';
import { readChanges } from './changes.js';
import { countProducts, hasField, listCategories } from './counts.js';
import type { Databases } from './databases.js';
import { storeError } from '../errors.js';
import { countBehind, readFeedPage } from './feed.js';
import type { DataFile } from './identity.js';
import { textKey } from './keys.js';
import { readMeta } from './meta.js';
import { readPlacement } from './placement.js';
import type { OpenLock } from './open-lock.js';
import { encodeMark, positionCovers } from '../position.js';
import { LmdbRecords } from './records.js';
import { decodeDocument, decodeHead, decodePrices, decodeVectors } from './values.js';
import { isDamagedTree } from './table.js';
import { listTenants, readTenant } from './tenant.js';

/**
 * Bytes read before the memory map is let go. What was read stays mapped otherwise, and counts as
 * this process's memory, until all of a catalogue is.
 */
export const MAPPED_BYTES = 64 * 1024 * 1024;
/** Counted for a read, beside its vectors: so much the kernel maps around a page. */
const MAPPED_A_READ_BYTES = 64 * 1024;
const FILE_CHECK_INTERVAL_MS = 1_000;

/** The reading half. Each method reads one fresh snapshot, synchronously, and lets it go. */
export class LmdbReader implements StoreReader {
  /** 1 MB each at worst. */
  readonly documentsAtOnce = 32;
  reads = 0;
  readonly records: RecordReader = new LmdbRecords(
    (action) => this.read(() => action(this.db)),
    () => Promise.reject(new OmniError('internal', 'the store is open for reading only')),
  );
  private closed = false;
  /** Read, or written, since the map was let go. */
  protected mappedBytes = 0;
  /** The map was let go, and could not be opened again so far. */
  protected unmapped = false;
  /** Waits for a moment without commits, to let the map go. */
  private lettingGo: Promise<void> | undefined;

  /** @param reopen opens `db` anew, so that its map can be let go */
  constructor(
    protected db: Databases,
    readonly storeId: string,
    protected readonly file: DataFile,
    protected readonly lock: OpenLock,
    private readonly reopen: () => Databases,
  ) {}

  async model(): Promise<ModelIdentity | undefined> {
    return this.read(() => readMeta(this.db, 'model'));
  }

  async documents(tenant: string, ids: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    return this.read(() => ids.map((id) => this.document(textKey(tenant, id))));
  }

  async rows(tenant: string, ids: readonly string[]): Promise<(StoredRow | undefined)[]> {
    return this.read(() =>
      ids.map((id) => {
        const key = textKey(tenant, id);
        const document = this.document(key);
        const vectors = this.db.vectors.get(key);
        if (document === undefined || vectors === undefined) return undefined;
        this.mappedBytes += vectors.length;
        const decoded = decodeVectors(vectors);
        const head = this.db.heads.get(key);
        return new StoredTextRow(
          document.version,
          document.json,
          decoded.model,
          decoded.vectors,
          head && decodePrices(head),
        );
      }),
    );
  }

  async prices(tenant: string, ids: readonly string[]): Promise<(StoredPrices | undefined)[]> {
    return this.read(() =>
      ids.map((id) => {
        const bytes = this.db.heads.get(textKey(tenant, id));
        if (bytes === undefined) return undefined;
        const { version, contentVersion, prices, deleted } = decodeHead(bytes);
        return deleted ? undefined : { version, contentVersion, prices };
      }),
    );
  }

  async heads(tenant: string, ids: readonly string[]): Promise<(StoredHead | undefined)[]> {
    return this.read(() =>
      ids.map((id) => {
        const key = textKey(tenant, id);
        const bytes = this.db.heads.get(key);
        if (bytes === undefined) return undefined;
        return this.toHead(key, decodeHead(bytes));
      }),
    );
  }

  async readFeed(
    tenant: string,
    after: Position | undefined,
    limit: number,
    maxBytes = Infinity,
  ): Promise<FeedPage> {
    return this.read(() => readFeedPage(this.db, tenant, after, limit, maxBytes));
  }

  async head(tenant: string): Promise<WriteMark> {
    return this.read(() => encodeMark(readTenant(this.db, tenant).sequence));
  }

  covers(position: Position | undefined, mark: WriteMark): boolean {
    return positionCovers(position, mark);
  }

  async behind(tenant: string, position: Position | undefined, limit: number): Promise<number> {
    return this.read(() => countBehind(this.db, tenant, position, limit));
  }

  async tenants(after?: string, limit = Infinity): Promise<string[]> {
    return this.read(() => listTenants(this.db, after, limit));
  }

  async changedTenants(after: Position | undefined, limit: number): Promise<ChangedTenants> {
    return this.read(() => readChanges(this.db, after, limit));
  }

  async placement(tenant: string): Promise<TenantPlacement> {
    return this.read(() => readPlacement(this.db, tenant));
  }

  async categories(tenant: string): Promise<CategoryCount[]> {
    return this.read(() => listCategories(this.db, tenant));
  }

  async usage(tenant: string): Promise<TenantUsage> {
    const { products, categories, fields, bytes } = this.read(() => readTenant(this.db, tenant));
    return { products, categories, fields, bytes };
  }

  async productCount(): Promise<number> {
    return this.read(() => countProducts(this.db));
  }

  async knownFields(tenant: string, fields: readonly string[]): Promise<boolean[]> {
    return this.read(() => fields.map((field) => hasField(this.db, tenant, field)));
  }

  async healthy(): Promise<string | undefined> {
    try {
      this.checkOpen();
      this.file.check();
      return this.file.damageReason;
    } catch (error) {
      return reasonOf(error);
    }
  }

  damaged(): DamagedValue[] {
    return this.db.damage.list();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    // Who waits for the lock is told so.
    await this.lock.close();
    await this.lettingGo;
    if (!this.unmapped) await this.db.root.close();
  }

  /** Of what is known to be damaged there is no hash, so that it is written anew. */
  private toHead(key: Buffer, head: StoredHead): StoredHead {
    const { version, feedVersion, deleted, contentVersion, imported } = head;
    const contentHash = this.db.documents.isKnownDamaged(key) ? '' : head.contentHash;
    const embedHash = this.db.vectors.isKnownDamaged(key) ? '' : head.embedHash;
    const known = {
      version,
      feedVersion,
      deleted,
      contentHash,
      embedHash,
      contentVersion,
      imported,
    };
    return head.archive === undefined ? known : { ...known, archive: head.archive };
  }

  private document(key: Buffer): StoredText | undefined {
    const bytes = this.db.documents.get(key);
    return bytes === undefined ? undefined : decodeDocument(bytes);
  }

  protected checkOpen(): void {
    if (this.closed) throw new OmniError('unavailable', 'the store is closed');
  }

  /**
   * Runs `action` on a snapshot that begins with its first read and is let go after it. lmdb-js
   * would keep it until a timer fires: another process's acknowledged delete could be read as live, and a long turn
   * would keep the writer from reusing pages.
   */
  protected read<T>(action: () => T): T {
    this.checkOpen();
    this.file.checkEvery(FILE_CHECK_INTERVAL_MS);
    this.letMapGo();
    this.reads += 1;
    this.mappedBytes += MAPPED_A_READ_BYTES;
    try {
      return action();
    } catch (error) {
      if (!isDamagedTree(error)) throw storeError(error, 'the store could not be read');
      this.file.damage = reasonOf(error);
      throw storeError(error, this.file.damageReason ?? '');
    } finally {
      this.db.root.resetReadTxn();
    }
  }

  /**
   * Once much was read. While another process commits, reads go on with what there is, and the map
   * is let go as soon as there is a moment.
   */
  protected letMapGo(): void {
    if (this.mappedBytes < MAPPED_BYTES) return;
    if (this.lock.tryOpening(() => this.openAgain())) return;
    if (this.unmapped) {
      const message = 'the store is being opened again';
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.lettingGo ??= this.lock
      .opening(() => this.openAgain())
      .catch(() => undefined)
      .finally(() => (this.lettingGo = undefined));
  }

  /** In one turn, so that nothing is read in between; tried again when it could not be opened. */
  protected openAgain(): void {
    if (this.closed) return;
    try {
      this.file.check();
      if (!this.unmapped) void this.db.root.close();
      this.unmapped = true;
      this.db = this.reopen();
      this.unmapped = false;
      this.mappedBytes = 0;
    } catch (error) {
      throw storeError(error, 'the store could not be opened again');
    }
  }
}
