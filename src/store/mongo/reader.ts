import type { Document, FindOptions } from 'mongodb';
import type { ModelIdentity } from '../../core/product.js';
import type {
  CategoryCount,
  FeedPage,
  Position,
  StoredDocument,
  StoredHead,
  StoredRow,
  StoreReader,
  StoreWatch,
  TenantPlacement,
  WriteMark,
} from '../store.js';
import { encodeMark, positionCovers } from '../position.js';
import { keyOf, PLACEMENT, type Collections, type ProductRecord } from './collections.js';
import type { Connection } from './connection.js';
import { countProducts, knownFields, listCategories } from './counts.js';
import { countBehind, readFeedPage, readHead } from './feed.js';
import { readModel } from './meta.js';
import { PlacementCounter, readPlacement } from './placement.js';
import { outdated } from './replica-reads.js';
import { DOCUMENT_FIELDS, HEAD_FIELDS, ROW_FIELDS, toDocument, toHead, toRow } from './records.js';
import { MongoShardDirectory } from './shard-directory.js';
import { TenantWatch } from './tenant-watch.js';

/** The reading half. */
export class MongoReader implements StoreReader {
  readonly documentsAtOnce = 256;
  readonly directory: MongoShardDirectory;
  private readonly counter = new PlacementCounter();

  constructor(
    protected readonly connection: Connection,
    readonly storeId: string,
  ) {
    this.directory = new MongoShardDirectory(connection);
  }

  protected get collections(): Collections {
    return this.connection.collections;
  }

  async model(): Promise<ModelIdentity | undefined> {
    return this.read(() => readModel(this.collections));
  }

  async documents(
    tenant: string,
    ids: readonly string[],
    atLeast?: readonly number[],
  ): Promise<(StoredDocument | undefined)[]> {
    return this.read(async () => {
      const replica = atLeast && this.connection.replicas;
      const found = await this.find(tenant, ids, DOCUMENT_FIELDS, replica?.options);
      if (replica !== undefined) {
        const again = outdated(ids, atLeast ?? [], found);
        const latest = await this.find(tenant, again, DOCUMENT_FIELDS);
        for (const [id, record] of latest) found.set(id, record);
      }
      return inOrder(ids, found, toDocument);
    });
  }

  async rows(tenant: string, ids: readonly string[]): Promise<(StoredRow | undefined)[]> {
    return this.read(async () => inOrder(ids, await this.find(tenant, ids, ROW_FIELDS), toRow));
  }

  async heads(tenant: string, ids: readonly string[]): Promise<(StoredHead | undefined)[]> {
    return this.read(async () => inOrder(ids, await this.find(tenant, ids, HEAD_FIELDS), toHead));
  }

  async readFeed(tenant: string, after: Position | undefined, limit: number): Promise<FeedPage> {
    return this.read(() => readFeedPage(this.collections, tenant, after, limit));
  }

  async head(tenant: string): Promise<WriteMark> {
    return this.read(async () => encodeMark(await readHead(this.collections, tenant)));
  }

  covers(position: Position | undefined, mark: WriteMark): boolean {
    return positionCovers(position, mark);
  }

  async behind(tenant: string, position: Position | undefined, limit: number): Promise<number> {
    return this.read(() => countBehind(this.collections, tenant, position, limit));
  }

  async tenants(): Promise<string[]> {
    return this.read(async () => {
      const found = await this.collections.tenants
        .find({}, { projection: { _id: 1 }, sort: { _id: 1 } })
        .toArray();
      return found.flatMap(({ _id }) => (_id === PLACEMENT ? [] : [_id]));
    });
  }

  async placementCounter(): Promise<number> {
    return this.read(() => this.counter.read(this.collections));
  }

  async placement(tenant: string): Promise<TenantPlacement> {
    return this.read(() => readPlacement(this.collections, tenant));
  }

  async categories(tenant: string): Promise<CategoryCount[]> {
    return this.read(() => listCategories(this.collections, tenant));
  }

  async productCount(): Promise<number> {
    return this.read(() => countProducts(this.collections));
  }

  async knownFields(tenant: string, fields: readonly string[]): Promise<boolean[]> {
    return this.read(() => knownFields(this.collections, tenant, fields));
  }

  watch(onChange: (tenant: string) => void): StoreWatch {
    return new TenantWatch(this.connection, onChange);
  }

  detail(): string | undefined {
    return this.connection.replicas?.detail;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  protected read<T>(action: () => Promise<T>): Promise<T> {
    return this.connection.run(action, 'a read');
  }

  /** One query for all of `ids`. */
  private async find(
    tenant: string,
    ids: readonly string[],
    projection: Document,
    options: FindOptions = {},
  ): Promise<Map<string, ProductRecord>> {
    if (ids.length === 0) return new Map();
    const keys = [...new Set(ids)].map((id) => keyOf(tenant, id));
    // The server stops with its caller: it would work on for nobody, and keep a connection.
    const limits = { batchSize: keys.length + 1, maxTimeMS: this.connection.timeoutMs };
    const found = await this.collections.products
      .find({ _id: { $in: keys } }, { ...options, ...limits, projection })
      .toArray();
    return new Map(found.map((record) => [record.id, record]));
  }
}

function inOrder<T>(
  ids: readonly string[],
  found: ReadonlyMap<string, ProductRecord>,
  convert: (record: ProductRecord) => T | undefined,
): (T | undefined)[] {
  return ids.map((id) => {
    const record = found.get(id);
    return record && convert(record);
  });
}
