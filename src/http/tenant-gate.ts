import { OmniError } from '../core/errors.js';

/** Bounds what goes on at once, in all and of one tenant; past it the caller is told to come back. */
export class TenantGate {
  private inside = 0;
  private readonly byTenant = new Map<string, number>();

  constructor(
    private readonly limit: number,
    private readonly limitOfTenant: number,
    private readonly what: string,
  ) {}

  /** Throws `overloaded`. Call the returned function exactly once when done. */
  enter(tenant: string): () => void {
    const ofTenant = this.byTenant.get(tenant) ?? 0;
    if (this.inside >= this.limit || ofTenant >= this.limitOfTenant) {
      const message = `too many ${this.what} at once`;
      throw new OmniError('overloaded', message);
    }
    this.inside += 1;
    this.byTenant.set(tenant, ofTenant + 1);
    return () => {
      this.inside -= 1;
      const left = (this.byTenant.get(tenant) ?? 1) - 1;
      if (left === 0) this.byTenant.delete(tenant);
      else this.byTenant.set(tenant, left);
    };
  }
}
