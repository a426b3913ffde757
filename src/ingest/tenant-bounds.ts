import { boundedCache } from '../core/bounded-cache.js';
import { invalidField, OmniError } from '../core/errors.js';
import { filterFields } from '../core/product-fields.js';
import type { Product } from '../core/product.js';
import { PatientSlices } from '../core/slices.js';
import type { StoreReader, TenantUsage } from '../store/store.js';
import { quotaExceeded, type PlanBook } from '../tenancy/plan-book.js';
import type { Plan } from '../tenancy/plan.js';

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

/** A product that is about to be written. */
export interface ComingProduct {
  product: Product;
  /** As far as is known, there is none of its id. */
  isNew: boolean;
}

/** Rows of one tenant that are written together. */
export interface ComingBatch {
  products: readonly ComingProduct[];
  /** Products that go in the same batch, at most. */
  removed: number;
}

/** What is known of a tenant while a batch is looked at. */
interface Looked {
  plan: Plan;
  /** Once something needs it: with some stores it is more than one read. */
  usage: TenantUsage | undefined;
  /** New products there is room for. */
  room: number;
  /** Field names that there are by now; undefined until one is new. */
  fields: number | undefined;
  /** Categories that are known to have products, once they were asked for; those that come are added. */
  categories: Set<string> | undefined;
}

/**
 * Bounds what all products of a tenant come to together: by the settings, for all tenants, and by its plan. Each field
 * name costs a column in every segment, whoever sends it. Nodes that write at the same time may exceed a bound by a batch;
 * but that of products, which the store holds (`PutProduct.maxProducts`): here it only spares the work.
 */
export class TenantBounds {
  /** Names that a tenant has, or was just allowed. */
  private readonly names = boundedCache<Set<string>>({ max: MAX_TENANTS, ttl: KEPT_MS });

  constructor(
    private readonly store: Pick<StoreReader, 'usage' | 'knownFields' | 'categories'>,
    private readonly limits: TenantLimits,
    private readonly plans: Pick<PlanBook, 'of'>,
  ) {}

  /** Why each product may not be written, in order; undefined where it may. */
  async refusals(
    tenant: string,
    { products, removed }: ComingBatch,
    signal?: AbortSignal,
  ): Promise<(OmniError | undefined)[]> {
    if (products.length === 0) return [];
    const looked = await this.look(tenant, removed);
    const tooMuch = this.bytesOver(looked);
    if (tooMuch !== undefined) return products.map(() => tooMuch);
    const known = this.knownNames(tenant);
    const slices = new PatientSlices(signal);
    const refusals: (OmniError | undefined)[] = [];
    for (const coming of products) {
      if (slices.isOver) await slices.next();
      const refusal =
        this.roomRefusal(looked, coming) ??
        (await this.categoryRefusal(tenant, looked, coming)) ??
        (await this.namesRefusal(tenant, looked, coming, known));
      if (refusal === undefined && coming.isNew) looked.room -= 1;
      refusals.push(refusal);
    }
    return refusals;
  }

  /** Why nothing more may be said of products that there are; undefined where it may. */
  async bytesRefusal(tenant: string): Promise<OmniError | undefined> {
    return this.bytesOver(await this.look(tenant, 0));
  }

  /** Products that the tenant may have; undefined: any number. */
  async maxProducts(tenant: string): Promise<number | undefined> {
    return (await this.plans.of(tenant)).max_products;
  }

  private async look(tenant: string, removed: number): Promise<Looked> {
    const plan = await this.plans.of(tenant);
    const looked: Looked = {
      ...{ plan, usage: undefined, room: Infinity, fields: undefined, categories: undefined },
    };
    const { max_products: products, max_bytes: bytes } = plan;
    if (products === undefined && bytes === undefined && this.limits.maxBytesPerTenant === 0) {
      return looked;
    }
    const usage = await this.store.usage(tenant);
    return { ...looked, usage, room: (products ?? Infinity) - usage.products + removed };
  }

  private bytesOver({ plan, usage }: Looked): OmniError | undefined {
    const { maxBytesPerTenant } = this.limits;
    const { bytes = 0 } = usage ?? {};
    const quota = plan.max_bytes ?? Infinity;
    if (bytes >= quota) return quotaExceeded('max_bytes', quota, 'bytes of products');
    if (maxBytesPerTenant > 0 && bytes >= maxBytesPerTenant) return tooManyBytes(maxBytesPerTenant);
    return undefined;
  }

  private roomRefusal({ plan, room }: Looked, { isNew }: ComingProduct): OmniError | undefined {
    return isNew && room <= 0 ? tooManyProducts(plan.max_products ?? 0) : undefined;
  }

  private async categoryRefusal(
    tenant: string,
    looked: Looked,
    { product: { category } }: ComingProduct,
  ): Promise<OmniError | undefined> {
    const { max_categories: most } = looked.plan;
    if (most === undefined) return undefined;
    looked.categories ??= new Set((await this.store.categories(tenant)).map((one) => one.category));
    const { categories } = looked;
    if (categories.has(category)) return undefined;
    if (categories.size >= most) return quotaExceeded('max_categories', most, 'categories');
    categories.add(category);
    return undefined;
  }

  private async namesRefusal(
    tenant: string,
    looked: Looked,
    { product }: ComingProduct,
    known: Set<string>,
  ): Promise<OmniError | undefined> {
    const fresh = await this.unknownOf(tenant, product, known);
    const [first] = fresh;
    if (first === undefined) return undefined;
    const { maxFieldsPerTenant } = this.limits;
    const quota = looked.plan.max_field_names ?? Infinity;
    looked.usage ??= await this.store.usage(tenant);
    looked.fields ??= Math.max(looked.usage.fields, known.size);
    const used = looked.fields + fresh.length;
    if (used > quota) return quotaExceeded('max_field_names', quota, 'field names');
    if (used > maxFieldsPerTenant) return tooManyFields(first, maxFieldsPerTenant);
    looked.fields = used;
    for (const name of fresh) known.add(name);
    return undefined;
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

/** One product more than the tenant's plan has. */
export function tooManyProducts(most: number): OmniError {
  return quotaExceeded('max_products', most, 'products');
}

function tooManyFields(name: string, max: number): OmniError {
  const bound = `the tenant is at its bound of ${max} field names (MAX_FIELDS_PER_TENANT)`;
  return invalidField(name, `would be a new field, and ${bound}`);
}

function tooManyBytes(max: number): OmniError {
  const message = `the tenant is at its bound of ${max} bytes of products (MAX_BYTES_PER_TENANT)`;
  return new OmniError('too_large', message);
}
