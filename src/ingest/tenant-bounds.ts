import { LRUCache } from 'lru-cache';
import { invalidField, OmniError } from '../core/errors.js';
import { filterFields } from '../core/product-fields.js';
import type { Product } from '../core/product.js';
import { PatientSlices } from '../core/slices.js';
import type { StoreReader } from '../store/store.js';

/** Names that the store is asked about in one call. */
const NAMES_AT_ONCE = 1_000;
const MAX_TENANTS = 1_000;
/** Names of products that are gone are forgotten by then. */
const KEPT_MS = 60_000;

/** Each refusal names the setting. */
export interface TenantLimits {
  /** Names of fields and attributes that the products of a tenant may have. */
  maxFieldsPerTenant: number;
  /** What they may take in the store; 0 for no bound. */
  maxBytesPerTenant: number;
}

/**
 * Bounds what all products of a tenant come to together. Each field name costs a column in every
 * segment, whoever sends it. Nodes that write at the same time may exceed a bound by a batch.
 */
export class TenantBounds {
  /** Names that a tenant has, or was just allowed. */
  private readonly names = new LRUCache<string, Set<string>>({ max: MAX_TENANTS, ttl: KEPT_MS });

  constructor(
    private readonly store: Pick<StoreReader, 'usage' | 'knownFields'>,
    private readonly limits: TenantLimits,
  ) {}

  /** Why each of `products` may not be written, in order; undefined where it may. */
  async refusals(
    tenant: string,
    products: readonly Product[],
    signal?: AbortSignal,
  ): Promise<(OmniError | undefined)[]> {
    const { maxFieldsPerTenant, maxBytesPerTenant } = this.limits;
    if (maxBytesPerTenant > 0) {
      const { bytes } = await this.store.usage(tenant);
      if (bytes >= maxBytesPerTenant) return products.map(() => tooManyBytes(maxBytesPerTenant));
    }
    const known = this.knownNames(tenant);
    const slices = new PatientSlices(signal);
    let used: number | undefined;
    const refusals: (OmniError | undefined)[] = [];
    for (const product of products) {
      if (slices.isOver) await slices.next();
      const fresh = await this.unknownOf(tenant, product, known);
      const [first] = fresh;
      if (first !== undefined) {
        used ??= Math.max((await this.store.usage(tenant)).fields, known.size);
        if (used + fresh.length > maxFieldsPerTenant) {
          refusals.push(tooManyFields(first, maxFieldsPerTenant));
          continue;
        }
        used += fresh.length;
        for (const name of fresh) known.add(name);
      }
      refusals.push(undefined);
    }
    return refusals;
  }

  /** Names of `product` that no product of the tenant has; those that one has are added to `known`. */
  private async unknownOf(tenant: string, product: Product, known: Set<string>): Promise<string[]> {
    const names = filterFields(product).flatMap(([name]) => (known.has(name) ? [] : [name]));
    const unknown: string[] = [];
    for (let i = 0; i < names.length; i += NAMES_AT_ONCE) {
      const some = names.slice(i, i + NAMES_AT_ONCE);
      const isKnown = await this.store.knownFields(tenant, some);
      some.forEach((name, at) => (isKnown[at] === true ? known.add(name) : unknown.push(name)));
    }
    return unknown;
  }

  private knownNames(tenant: string): Set<string> {
    let known = this.names.get(tenant);
    if (known === undefined) {
      known = new Set();
      this.names.set(tenant, known);
    }
    return known;
  }
}

function tooManyFields(name: string, max: number): OmniError {
  const bound = `the tenant is at its bound of ${max} field names (MAX_FIELDS_PER_TENANT)`;
  return invalidField(name, `would be a new field, and ${bound}`);
}

function tooManyBytes(max: number): OmniError {
  const message = `the tenant is at its bound of ${max} bytes of products (MAX_BYTES_PER_TENANT)`;
  return new OmniError('too_large', message);
}
