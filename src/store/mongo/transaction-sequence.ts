import type { ClientSession, Collection } from 'mongodb';
import { OmniError } from '../../core/errors.js';
import type { TenantRecord } from './collections.js';
import {
  makeTenant,
  roomOf,
  type Claim,
  type Numbers,
  type Sequence,
  type Written,
} from './sequence.js';

/** What a client does for transactions. */
interface Sessions {
  withSession<T>(action: (session: ClientSession) => Promise<T>): Promise<T>;
}

const READ_FIELDS = { sequence: 1, placement: 1, products: 1, open: 1, uncounted: 1 } as const;

/**
 * Numbers, products and counts in one transaction, where the server has them. Whoever takes numbers
 * holds the tenant's record until the commit, so numbers come in the order of commits, and what is
 * not committed is not there: no range is ever open.
 */
export class TransactionSequence implements Sequence {
  /** Tenants whose record is known to be there. */
  private readonly known = new Set<string>();

  constructor(
    private readonly sessions: Sessions,
    private readonly tenants: Collection<TenantRecord>,
    /** Is told of a tenant when something was committed. */
    private readonly announce: (tenant: string) => Promise<void>,
  ) {}

  async write(
    tenant: string,
    count: number,
    _partitions: readonly string[],
    body: (numbers: Numbers) => Promise<Written>,
    claim?: Claim,
  ): Promise<number> {
    if (!this.known.has(tenant)) await makeTenant(this.tenants, tenant);
    this.known.add(tenant);
    const last = await this.sessions.withSession((session) =>
      session.withTransaction(async () => {
        const scope = { session };
        const record = await this.tenants.findOneAndUpdate(
          { _id: tenant },
          { $inc: { sequence: count } },
          { ...scope, returnDocument: 'after', projection: READ_FIELDS },
        );
        if (record === null) throw new OmniError('unavailable', 'the tenant left the store');
        const { sequence, placement } = record;
        const room = roomOf(record, claim);
        const numbers = { first: sequence - count + 1, placement, room, scope };
        const { products, bytes } = await body(numbers);
        if (products !== 0 || bytes !== 0) {
          await this.tenants.updateOne({ _id: tenant }, { $inc: { products, bytes } }, scope);
        }
        return sequence;
      }),
    );
    await this.announce(tenant);
    return last;
  }
}
