import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import type { Store, WriteMark } from '../store/store.js';

/** What ingest needs of placement: `Placer` is one. */
interface PlacementPort {
  /** Creates missing partitions; returns the categories refused, the tenant being at its bound. */
  ensure(tenant: string, categories: ReadonlyMap<string, number>): Promise<ReadonlySet<string>>;
}

/** What ingest needs of the shards: `ShardFleet` is one. */
export interface FleetPort {
  /** Tells every shard that the tenant's feed has grown. */
  nudge(tenant: string): void;
  /** Waits until every shard has applied `mark`; returns the names of those that lag. */
  awaitApplied(tenant: string, mark: WriteMark, timeoutMs: number): Promise<string[]>;
}

export interface IngestDeps {
  store: Store;
  /** The current model; every written vector carries its fingerprint. */
  model: ModelIdentity;
  /** Absent with `--model none`. */
  encoder: Encoder | undefined;
  placement: PlacementPort;
  fleet: FleetPort;
  logger: Logger;
}
