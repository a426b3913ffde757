import { boundedCache } from '../core/bounded-cache.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';
import { Freshness } from './freshness.js';

/** The kind of the records that are schemas; their ids are tenants. */
const SCHEMA_KIND = 'collection';
/** How old a node's view of a schema may be. */
const MAX_AGE_MS = 1_000;
const MAX_KEPT = 5_000;
const MAX_ATTEMPTS = 5;

/** A field as clients of collections declare it; members that they add are kept. */
export interface SchemaField extends JsonObject {
  name: string;
  type: string;
}

/** What clients of collections declare of a tenant. Searches do not need it: a tenant may have none. */
export interface CollectionSchema extends JsonObject {
  name: string;
  fields: SchemaField[];
  /** Epoch seconds. */
  created_at: number;
}

interface Kept {
  schema: CollectionSchema | undefined;
  asOfMs: number;
}

/** Schemas as records, a second old at most where they are only looked at. */
export class CollectionSchemas {
  private readonly kept = boundedCache<Kept>({ max: MAX_KEPT });
  private readonly freshness: Freshness;

  constructor(
    private readonly records: RecordStore,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.freshness = new Freshness(MAX_AGE_MS, now);
  }

  async find(tenant: string): Promise<CollectionSchema | undefined> {
    const kept = this.kept.get(tenant);
    const asOfMs = this.now();
    if (kept !== undefined && this.freshness.isFresh(kept.asOfMs)) return kept.schema;
    const schema = toSchema((await this.records.get(SCHEMA_KIND, tenant))?.value);
    this.kept.set(tenant, { schema, asOfMs });
    return schema;
  }

  /** What is kept is read again when it is asked for: another node has changed some schema. */
  expireAll(): void {
    this.freshness.expire();
  }

  /** False, and nothing done, where there is one. */
  async create(schema: CollectionSchema): Promise<boolean> {
    const isNew = await this.records.put(SCHEMA_KIND, schema.name, schema, 0);
    this.kept.delete(schema.name);
    return isNew;
  }

  /** Compare-and-set of a schema; undefined where there is none, or it kept changing. */
  async change(
    tenant: string,
    next: (schema: CollectionSchema) => CollectionSchema,
  ): Promise<CollectionSchema | undefined> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const stored = await this.records.get(SCHEMA_KIND, tenant);
      if (stored === undefined) return undefined;
      const schema = next(stored.value as CollectionSchema);
      const isDone = await this.records.put(SCHEMA_KIND, tenant, schema, stored.revision);
      this.kept.delete(tenant);
      if (isDone) return schema;
    }
    return undefined;
  }

  async remove(tenant: string): Promise<void> {
    const stored = await this.records.get(SCHEMA_KIND, tenant);
    if (stored !== undefined) await this.records.remove(SCHEMA_KIND, tenant, stored.revision);
    this.kept.delete(tenant);
  }

  /** By name, at most `limit`. */
  async list(limit: number): Promise<CollectionSchema[]> {
    const stored = await this.records.list(SCHEMA_KIND, undefined, limit);
    return stored.map(({ value }) => value as CollectionSchema);
  }
}

function toSchema(value: JsonObject | undefined): CollectionSchema | undefined {
  return value as CollectionSchema | undefined;
}
