import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import type { Placer } from '../placement/placer.js';
import type { ImportSight, Store, WriteMark } from '../store/store.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { UsageMeter } from '../tenancy/usage-meter.js';
import type { TenantBounds } from './tenant-bounds.js';

/** What ingest needs of the shards. */
export interface FleetPort {
  /** Tells every shard that the tenant's feed has grown. */
  nudge(tenant: string): void;
  /** Waits until all that is searched has applied `mark`; returns the names of the shards that lag. */
  awaitApplied(
    tenant: string,
    mark: WriteMark,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<string[]>;
}

/** What a node takes; each refusal names the setting of its bound. */
interface IngestLimits {
  /** Of one product as JSON. */
  maxProductBytes: number;
}

/** Whose rows are written, for whom. */
export interface WriteTarget {
  tenant: string;
  /** Aborted when the caller has gone: what is not being written yet is left. */
  signal?: AbortSignal | undefined;
  /** Of an import: what it sees. */
  imported?: ImportSight | undefined;
}

export interface IngestDeps {
  store: Store;
  /** The current model; every written vector carries its fingerprint. */
  model: ModelIdentity;
  /** Absent with `--model none`. */
  encoder: Encoder | undefined;
  placement: Pick<Placer, 'ensure'>;
  tenants: Pick<TenantDirectory, 'require' | 'ensure'>;
  bounds: Pick<TenantBounds, 'refusals' | 'bytesRefusal' | 'maxProducts'>;
  /** Is told of what was written and embedded. */
  meter: Pick<UsageMeter, 'count'>;
  fleet: FleetPort;
  priceLists: Pick<PriceLists, 'ensure' | 'find'>;
  limits: IngestLimits;
  /** Has products come back that lie in the archive. */
  cold: {
    restore(
      tenant: string,
      ids: readonly string[],
    ): Promise<{ restored: number; missing: number; mark: WriteMark | undefined }>;
  };
  logger: Logger;
}
