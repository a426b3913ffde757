import { ColdDesk } from '../../src/backup/cold/cold-desk.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/core/logger.js';
import { invalidField } from '../../src/core/errors.js';
import type { ModelIdentity } from '../../src/core/product.js';
import { normalise } from '../../src/core/vector.js';
import type { Encoder } from '../../src/embedding/encoder.js';
import type { ProductInputs } from '../../src/embedding/product-inputs.js';
import { productText } from '../../src/embedding/product-text.js';
import { Ingest } from '../../src/ingest/ingest.js';
import type { FleetPort, IngestDeps } from '../../src/ingest/ports.js';
import { TenantBounds } from '../../src/ingest/tenant-bounds.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { Placer } from '../../src/placement/placer.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';
import { AuditLog } from '../../src/tenancy/audit-log.js';
import { PlanBook } from '../../src/tenancy/plan-book.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { UsageMeter } from '../../src/tenancy/usage-meter.js';

export const DIMENSIONS = 4;

/** Deterministic vectors of a text, and a count of what was embedded. */
export class CountingEncoder implements Encoder {
  readonly model: ModelIdentity;
  readonly cutoff = undefined;
  embedded: string[] = [];
  /** Set to make the next calls fail. */
  failure: Error | undefined;

  constructor(fingerprint = 'f'.repeat(32)) {
    this.model = { name: 'counting', fingerprint, dimensions: DIMENSIONS };
  }

  static vector(text: string): Float32Array {
    const sums = new Array<number>(DIMENSIONS).fill(1);
    for (let i = 0; i < text.length; i++) sums[i % DIMENSIONS]! += text.charCodeAt(i) % 17;
    return normalise(sums)!;
  }

  knowsPiece() {
    return true;
  }

  async embedQuery(text: string) {
    return { vector: CountingEncoder.vector(text), source: 'computed' as const };
  }

  async embedQueries(texts: readonly string[]) {
    return Promise.all(texts.map((text) => this.embedQuery(text)));
  }

  async embedProducts(products: readonly ProductInputs[]) {
    if (this.failure !== undefined) throw this.failure;
    const texts = products.map((inputs) => productText({ id: '', ...inputs }));
    this.embedded.push(...texts);
    return texts.map((text) => CountingEncoder.vector(text));
  }

  status() {
    return {
      embeddingCache: { entries: 0, hits: 0, misses: 0 },
      embeddingQueued: 0,
      embeddedProducts: this.embedded.length,
      ...{ oldestMs: 0, productsQueued: 0, oldestProductMs: 0, failedInARow: 0 },
      ...{ isFull: false, queriesQueued: 0, queueLimit: 1_000 },
    };
  }

  async close() {
    this.embedded = [];
  }
}

/** Shards that have always applied everything, unless told to lag. */
class QuietFleet implements FleetPort {
  nudged: string[] = [];
  lagging: string[] = [];

  nudge(tenant: string): void {
    this.nudged.push(tenant);
  }

  async awaitApplied(): Promise<string[]> {
    return this.lagging;
  }
}

export interface IngestHarness {
  ingest: Ingest;
  deps: IngestDeps;
  store: Store;
  /** The same as `deps.tenants`. */
  directory: TenantDirectory;
  plans: PlanBook;
  meter: UsageMeter;
  encoder: CountingEncoder;
  fleet: QuietFleet;
  /** Categories that placement refuses. */
  refusedCategories: Set<string>;
  close(): Promise<void>;
}

/** A write path over a real store in a folder of its own. */
export async function openIngest(
  options: { encoder?: 'none'; store?: Store } = {},
): Promise<IngestHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'omnisearch-ingest-'));
  // As another process has it, where it is another's.
  const store = options.store ?? (await openLmdbStore({ dir }));
  const encoder = new CountingEncoder();
  const fleet = new QuietFleet();
  const refusedCategories = new Set<string>();
  const loads = new NodeLoads(() => [{ node: 's1', rows: 0 }]);
  const placer = new Placer(store, new PlacementCache(store), {
    loads,
    minShards: 1,
    replicas: 1,
    maxPartitions: 1_000,
    partitionRows: 0,
  });
  const directory = new TenantDirectory(store.records, true);
  const audit = new AuditLog(store.records);
  const plans = new PlanBook({ records: store.records, tenants: directory, audit });
  const logger = createLogger('silent', 'test');
  const meter = new UsageMeter({ store, logger });
  const deps: IngestDeps = {
    store,
    priceLists: new PriceLists(store.records),
    model: encoder.model,
    encoder: options.encoder === 'none' ? undefined : encoder,
    placement: {
      ensure: async (tenant, categories, isStale) => {
        const wanted = [...categories].filter(([category]) => !refusedCategories.has(category));
        const places = await placer.ensure(tenant, new Map(wanted), isStale);
        const refused = [...categories.keys()].filter((category) =>
          refusedCategories.has(category),
        );
        const error = invalidField('category', 'is refused');
        return { ...places, refused: new Map(refused.map((category) => [category, error])) };
      },
    },
    tenants: directory,
    bounds: new TenantBounds(store, { maxFieldsPerTenant: 2_000, maxBytesPerTenant: 0 }, plans),
    fleet,
    cold: new ColdDesk({
      ...{ store, archive: undefined, model: encoder.model.fingerprint },
      place: () => Promise.reject(new Error('there is no archive')),
      nudge: () => undefined,
      maxProducts: () => Promise.resolve(undefined),
    }),
    limits: { maxProductBytes: 1024 * 1024 },
    meter,
    logger,
  };
  return {
    ingest: new Ingest(deps),
    deps,
    store,
    directory,
    plans,
    meter,
    encoder,
    fleet,
    refusedCategories,
    close: async () => {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
