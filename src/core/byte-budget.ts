import { OmniError } from './errors.js';

export interface ByteBudgetOptions {
  /** What is held, for the message of a refusal: "replies". */
  what: string;
  limitBytes: number;
  /** Kept for holders of no more than `smallBytes`: large ones never take all. None by default. */
  reserveBytes?: number;
  smallBytes?: number;
}

/**
 * Bounds the bytes that many holders keep in memory together, bodies being read or replies unsent; one
 * tenant's to half of that.
 */
export class ByteBudget {
  private heldBytes = 0;
  private readonly heldByTenant = new Map<string, number>();

  constructor(private readonly options: ByteBudgetOptions) {}

  get held(): number {
    return this.heldBytes;
  }

  heldBy(tenant: string): number {
    return this.heldByTenant.get(tenant) ?? 0;
  }

  lease(tenant: string): ByteLease {
    return new ByteLease(this, tenant);
  }

  /** Throws `overloaded`, and takes nothing, where a holder of `held` would have too many with `bytes` more. */
  take(tenant: string, held: number, bytes: number): void {
    const { limitBytes, what, smallBytes = 0, reserveBytes = 0 } = this.options;
    const isSmall = held + bytes <= smallBytes;
    const ofTenant = this.heldBy(tenant) + bytes;
    const inAll = this.heldBytes + bytes + (isSmall ? 0 : reserveBytes);
    if (inAll > limitBytes || ofTenant > limitBytes / 2) {
      const message = `too many bytes of ${what} are held`;
      throw new OmniError('overloaded', message);
    }
    this.heldBytes += bytes;
    this.heldByTenant.set(tenant, ofTenant);
  }

  give(tenant: string, bytes: number): void {
    this.heldBytes -= bytes;
    const left = this.heldBy(tenant) - bytes;
    if (left === 0) this.heldByTenant.delete(tenant);
    else this.heldByTenant.set(tenant, left);
  }
}

/** What one holder has taken of a `ByteBudget`. */
export class ByteLease {
  private heldBytes = 0;
  private hasEnded = false;

  constructor(
    private readonly budget: ByteBudget,
    private readonly tenant: string,
  ) {}

  get held(): number {
    return this.heldBytes;
  }

  /** Throws `overloaded` where there is no room. What comes after `release` is not held any more. */
  take(bytes: number): void {
    if (this.hasEnded) return;
    this.budget.take(this.tenant, this.heldBytes, bytes);
    this.heldBytes += bytes;
  }

  /** Gives some back; never more than is held. */
  give(bytes: number): void {
    const given = Math.min(bytes, this.heldBytes);
    if (given === 0) return;
    this.heldBytes -= given;
    this.budget.give(this.tenant, given);
  }

  /** Takes or gives back what makes it `bytes`. Throws `overloaded` as `take` does. */
  settle(bytes: number): void {
    if (bytes > this.heldBytes) this.take(bytes - this.heldBytes);
    else this.give(this.heldBytes - bytes);
  }

  /** Gives everything back, for good: work that its holder has given up may still be under way. */
  release(): void {
    this.hasEnded = true;
    this.give(this.heldBytes);
  }
}
