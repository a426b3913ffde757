import type { Document, FindOptions } from 'mongodb';
import type { ModelIdentity } from '../../core/product.js';
import type { DamagedValue } from '../../core/shard-status.js';
import type { RecordReader } from '../record-store.js';
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
  StoreWatch,
  TenantPlacement,
  TenantUsage,
  WriteMark,
} from '../store.js';
import type { StoreConnections, StoreServers } from '../store-connections.js';
import { encodeMark, positionCovers } from '../position.js';
import { readChanges } from './changes.js';
import { keyOf, type Collections, type ProductRecord } from './collections.js';
import type { Connection } from './connection.js';
import { countProducts, knownFields, listCategories, readUsage } from './counts.js';
import { countBehind, readFeedPage, readHead } from './feed.js';
import { reasonOf } from '../../core/errors.js';
import { readModel, readStoreId } from './meta.js';
import { readPlacement } from './placement.js';
import { outdated, type ReplicaReads } from './replica-reads.js';
import {
  DOCUMENT_FIELDS,
  HEAD_FIELDS,
  PRICE_FIELDS,
  ROW_FIELDS,
  toDocument,
  toHead,
  toPrices,
  toRow,
} from './records.js';
import { MongoShardDirectory } from './shard-directory.js';
import { listTenants } from './tenants.js';
import { MongoRecords } from './stored-records.js';
import { TenantWatch } from './tenant-watch.js';

/** The reading half. */
export class MongoReader implements StoreReader {
  readonly documentsAtOnce = 256;
  reads = 0;
  readonly directory: MongoShardDirectory;
  readonly records: RecordReader;

  constructor(
    protected readonly connection: Connection,
    readonly storeId: string,
  ) {
    this.directory = new MongoShardDirectory(connection);
    this.records = new MongoRecords(
      connection.collections,
      (action) => this.read(action),
      () => Promise.resolve(),
    );
  }

  get replicas(): ReplicaReads {
    return this.connection.replicas;
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
      const options = atLeast && this.replicas.options;
      const found = await this.find(tenant, ids, DOCUMENT_FIELDS, options);
      if (options !== undefined) {
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

  async prices(tenant: string, ids: readonly string[]): Promise<(StoredPrices | undefined)[]> {
    const find = () => this.find(tenant, ids, PRICE_FIELDS);
    return this.read(async () => inOrder(ids, await find(), toPrices));
  }

  async readFeed(
    tenant: string,
    after: Position | undefined,
    limit: number,
    maxBytes = Infinity,
  ): Promise<FeedPage> {
    return this.read(() => readFeedPage(this.collections, tenant, after, limit, maxBytes));
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

  async tenants(after?: string, limit = Infinity): Promise<string[]> {
    return this.read(() => listTenants(this.collections, after, limit));
  }

  async changedTenants(after: Position | undefined, limit: number): Promise<ChangedTenants> {
    return this.read(() =>
      readChanges(this.collections, after, limit, (...range) =>
        listTenants(this.collections, ...range),
      ),
    );
  }

  async placement(tenant: string): Promise<TenantPlacement> {
    return this.read(() => readPlacement(this.collections, tenant));
  }

  async categories(tenant: string): Promise<CategoryCount[]> {
    return this.read(() => listCategories(this.collections, tenant));
  }

  async usage(tenant: string): Promise<TenantUsage> {
    return this.read(() => readUsage(this.collections, tenant));
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

  connections(): StoreConnections {
    return this.connection.connections;
  }

  servers(): StoreServers {
    const { connections, lagSeconds } = this.connection;
    return { limit: connections.limit, lagSeconds };
  }

  detail(): string | undefined {
    return this.replicas.detail;
  }

  async healthy(): Promise<string | undefined> {
    try {
      const storeId = await this.read(() => readStoreId(this.collections));
      return storeId === this.storeId ? undefined : 'it is another store than before';
    } catch (error) {
      return reasonOf(error);
    }
  }

  damaged(): DamagedValue[] {
    return [];
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  protected read<T>(action: () => Promise<T>): Promise<T> {
    this.reads += 1;
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
