import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/core/logger.js';
import type { ModelIdentity } from '../../src/core/product.js';
import { normalise } from '../../src/core/vector.js';
import type { Encoder } from '../../src/embedding/encoder.js';
import { Ingest } from '../../src/ingest/ingest.js';
import type { FleetPort, IngestDeps } from '../../src/ingest/ports.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';

export const DIMENSIONS = 4;

/** Deterministic vectors of a text, and a count of what was embedded. */
export class CountingEncoder implements Encoder {
  readonly model: ModelIdentity;
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

  queryKey(text: string) {
    return text;
  }

  async embedQuery(text: string) {
    return { vector: CountingEncoder.vector(text), source: 'computed' as const };
  }

  async embedQueries(texts: readonly string[]) {
    return Promise.all(texts.map((text) => this.embedQuery(text)));
  }

  async embedProducts(texts: readonly string[]) {
    if (this.failure !== undefined) throw this.failure;
    this.embedded.push(...texts);
    return texts.map((text) => CountingEncoder.vector(text));
  }

  status() {
    return {
      cache: { entries: 0, capacity: 0, hits: 0, misses: 0 },
      pool: { threads: 0, queued: 0 },
      embeddedProducts: this.embedded.length,
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
  encoder: CountingEncoder;
  fleet: QuietFleet;
  /** Categories that placement refuses. */
  refusedCategories: Set<string>;
  close(): Promise<void>;
}

/** A write path over a real store in a folder of its own. */
export async function openIngest(options: { encoder?: 'none' } = {}): Promise<IngestHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'omnisearch-ingest-'));
  const store = await openLmdbStore({ dir });
  const encoder = new CountingEncoder();
  const fleet = new QuietFleet();
  const refusedCategories = new Set<string>();
  const deps: IngestDeps = {
    store,
    model: encoder.model,
    encoder: options.encoder === 'none' ? undefined : encoder,
    placement: {
      ensure: async (_, categories) =>
        new Set([...categories.keys()].filter((category) => refusedCategories.has(category))),
    },
    fleet,
    logger: createLogger('silent', 'test'),
  };
  return {
    ingest: new Ingest(deps),
    deps,
    store,
    encoder,
    fleet,
    refusedCategories,
    close: async () => {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
