import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Ingest } from '../../src/ingest/ingest.js';
import { TenantBounds } from '../../src/ingest/tenant-bounds.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { Placer } from '../../src/placement/placer.js';
import type { Store } from '../../src/store/store.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { makeProducts, randomVector, seeded, type TestProduct } from '../e2e/catalogue.js';
import { DIMENSIONS, MODEL } from '../shard/shard-fixture.js';

const PAUSE_MS = 5;
const logger = pino({ level: 'silent' });

/** A query node that takes writes all the while, and what it acknowledged. */
export class CrashWriter {
  readonly acknowledged = new Map<string, TestProduct>();
  writes = 0;
  private readonly ingest: Ingest;
  private readonly random = seeded(7);

  constructor(
    store: Store,
    private readonly tenant: string,
    private readonly categories: readonly string[],
    nudge: (tenant: string) => void,
  ) {
    const loads = new NodeLoads(() => []);
    const bounds = { maxFieldsPerTenant: 1_000, maxBytesPerTenant: 0 };
    this.ingest = new Ingest({
      ...{ store, logger, encoder: undefined },
      model: { name: 'none', fingerprint: MODEL, dimensions: DIMENSIONS },
      placement: new Placer(store, new PlacementCache(store), {
        ...{ loads, minShards: 1, replicas: 1, maxPartitions: 100, partitionRows: 0 },
      }),
      tenants: new TenantDirectory(store.records, true),
      bounds: new TenantBounds(store, bounds, { of: async () => ({}) }),
      meter: { count: () => undefined },
      priceLists: new PriceLists(store.records),
      fleet: { nudge, awaitApplied: async () => [] },
      cold: { restore: () => Promise.reject(new Error('there is no archive')) },
      limits: { maxProductBytes: 1_000_000 },
    });
  }

  /** Products `from` to below `to`, evenly of all categories. */
  async fill(from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++) await this.put(`p${i}`);
  }

  /** Changes, moves to another category, deletes and brings back, until the returned function is called. */
  begin(products: number): () => Promise<void> {
    let isOver = false;
    const writing = (async () => {
      while (!isOver) {
        const id = `p${Math.floor(this.random() * products)}`;
        if (this.acknowledged.has(id) && this.random() < 0.3) await this.remove(id);
        else await this.put(id);
        await sleep(PAUSE_MS);
      }
    })();
    return async () => {
      isOver = true;
      await writing;
    };
  }

  private async put(id: string): Promise<void> {
    const category = this.categories[Math.floor(this.random() ** 2 * this.categories.length)];
    const vector = randomVector(this.random, DIMENSIONS);
    const [made] = makeProducts(1, DIMENSIONS) as [TestProduct];
    const product = { ...made, id, category: category as string, vector };
    await this.ingest.upsertOne(this.tenant, { ...product });
    this.acknowledged.set(id, product);
    this.writes += 1;
  }

  private async remove(id: string): Promise<void> {
    await this.ingest.remove(this.tenant, id);
    this.acknowledged.delete(id);
    this.writes += 1;
  }
}
