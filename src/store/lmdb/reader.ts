import { OmniError } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';
import type {
  CategoryCount,
  FeedPage,
  Position,
  StoredDocument,
  StoredHead,
  StoredRow,
  StoreReader,
  TenantPlacement,
  WriteMark,
} from '../store.js';
import { countProducts, hasField, listCategories } from './counts.js';
import type { Databases } from './databases.js';
import { storeError } from './errors.js';
import { countBehind, readFeedPage } from './feed.js';
import { textKey } from './keys.js';
import { readMeta } from './meta.js';
import { readPlacement, readPlacementCounter } from './placement.js';
import { encodeMark, positionCovers } from '../position.js';
import { decodeDocument, decodeHead, decodeVectors } from './records.js';
import { listTenants, readTenant } from './tenant.js';

/**
 * Vectors read before the memory map is let go, documents coming on top. What was read stays mapped
 * otherwise, and counts as this process's memory, until all of a catalogue is.
 */
const MAPPED_VECTOR_BYTES = 64 * 1024 * 1024;

/** The reading half. Each method reads one fresh snapshot, synchronously, and lets it go. */
export class LmdbReader implements StoreReader {
  /** 1 MB each at worst. */
  readonly documentsAtOnce = 32;
  private closed = false;
  private vectorBytesRead = 0;
  /** The map was let go, and could not be opened again so far. */
  private unmapped = false;

  /** @param reopen opens `db` anew, where nobody writes through it and its map can be let go */
  constructor(
    protected db: Databases,
    readonly storeId: string,
    private readonly reopen?: () => Databases,
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
        this.vectorBytesRead += vectors.length;
        return { ...document, ...decodeVectors(vectors) };
      }),
    );
  }

  async heads(tenant: string, ids: readonly string[]): Promise<(StoredHead | undefined)[]> {
    return this.read(() =>
      ids.map((id) => {
        const bytes = this.db.heads.get(textKey(tenant, id));
        if (bytes === undefined) return undefined;
        const { version, feedVersion, deleted, contentHash, embedHash } = decodeHead(bytes);
        return { version, feedVersion, deleted, contentHash, embedHash };
      }),
    );
  }

  async readFeed(tenant: string, after: Position | undefined, limit: number): Promise<FeedPage> {
    return this.read(() => readFeedPage(this.db, tenant, after, limit));
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

  async tenants(): Promise<string[]> {
    return this.read(() => listTenants(this.db));
  }

  async placementCounter(): Promise<number> {
    return this.read(() => readPlacementCounter(this.db));
  }

  async placement(tenant: string): Promise<TenantPlacement> {
    return this.read(() => readPlacement(this.db, tenant));
  }

  async categories(tenant: string): Promise<CategoryCount[]> {
    return this.read(() => listCategories(this.db, tenant));
  }

  async productCount(): Promise<number> {
    return this.read(() => countProducts(this.db));
  }

  async knownFields(tenant: string, fields: readonly string[]): Promise<boolean[]> {
    return this.read(() => fields.map((field) => hasField(this.db, tenant, field)));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (!this.unmapped) await this.db.root.close();
  }

  private document(key: Buffer): StoredDocument | undefined {
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
  private read<T>(action: () => T): T {
    this.checkOpen();
    this.letMapGo();
    try {
      return action();
    } catch (error) {
      throw storeError(error, 'the store could not be read');
    } finally {
      this.db.root.resetReadTxn();
    }
  }

  /** In one turn, so that nothing is read in between; tried again when it could not be opened. */
  private letMapGo(): void {
    if (this.reopen === undefined || this.vectorBytesRead < MAPPED_VECTOR_BYTES) return;
    try {
      if (!this.unmapped) void this.db.root.close();
      this.unmapped = true;
      this.db = this.reopen();
      this.unmapped = false;
      this.vectorBytesRead = 0;
    } catch (error) {
      throw storeError(error, 'the store could not be opened again');
    }
  }
}
