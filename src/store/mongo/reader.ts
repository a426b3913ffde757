import type { Document } from 'mongodb';
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
import { encodeMark, positionCovers } from '../position.js';
import { keyOf, PLACEMENT, type Collections, type ProductRecord } from './collections.js';
import type { Connection } from './connection.js';
import { countProducts, knownFields, listCategories } from './counts.js';
import { countBehind, readFeedPage, readHead } from './feed.js';
import { readModel } from './meta.js';
import { PlacementCounter, readPlacement } from './placement.js';
import { DOCUMENT_FIELDS, HEAD_FIELDS, ROW_FIELDS, toDocument, toHead, toRow } from './records.js';

/** The reading half. */
export class MongoReader implements StoreReader {
  private readonly counter = new PlacementCounter();

  constructor(
    protected readonly connection: Connection,
    readonly storeId: string,
  ) {}

  protected get collections(): Collections {
    return this.connection.collections;
  }

  async model(): Promise<ModelIdentity | undefined> {
    return this.read(() => readModel(this.collections));
  }

  async documents(tenant: string, ids: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    return this.byId(tenant, ids, DOCUMENT_FIELDS, toDocument);
  }

  async rows(tenant: string, ids: readonly string[]): Promise<(StoredRow | undefined)[]> {
    return this.byId(tenant, ids, ROW_FIELDS, toRow);
  }

  async heads(tenant: string, ids: readonly string[]): Promise<(StoredHead | undefined)[]> {
    return this.byId(tenant, ids, HEAD_FIELDS, toHead);
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

  async close(): Promise<void> {
    await this.connection.close();
  }

  protected read<T>(action: () => Promise<T>): Promise<T> {
    return this.connection.run(action, 'a read');
  }

  /** One query for all of `ids`, answered in their order. */
  private byId<T>(
    tenant: string,
    ids: readonly string[],
    projection: Document,
    convert: (record: ProductRecord) => T | undefined,
  ): Promise<(T | undefined)[]> {
    return this.read(async () => {
      const keys = [...new Set(ids)].map((id) => keyOf(tenant, id));
      const found = await this.collections.products
        .find({ _id: { $in: keys } }, { projection, batchSize: keys.length + 1 })
        .toArray();
      const records = new Map(found.map((record) => [record.id, record]));
      return ids.map((id) => {
        const record = records.get(id);
        return record && convert(record);
      });
    });
  }
}
