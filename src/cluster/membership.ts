import { Deadline } from '../core/deadline.js';
import { reasonOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { RepeatedWork } from '../core/repeated-work.js';
import type { RecordStore } from '../store/record-store.js';
import { HeldLease } from './held-lease.js';
import { BEATS_PER_LEASE, LEASE_KIND, QUERY_NODE, type Lease } from './lease.js';
import type { LeaseObserver, ObservedLease } from './lease-observer.js';

/** A dead one is shown for so many times `leaseMs`, so that an operator sees it, then forgotten. */
const SHOWN_LEASES = 10;
/** A stop does not wait for longer for a store that does not answer. */
const RELEASE_LIMIT_MS = 2_000;

export interface MembershipOptions {
  records: RecordStore;
  /** What this process says of itself all the time. */
  says: Pick<Lease, 'zone' | 'version' | 'serves'>;
  observer: LeaseObserver;
  leaseMs: number;
  /** Before it is ready for the first time, a process shows nothing. */
  isReady: () => boolean;
  /** See `Lease`. */
  load: () => number;
  logger: Logger;
}

/** A query node among the others: it beats, and sees who else does. */
export class Membership {
  private held: HeldLease | undefined;
  private readonly ticking: RepeatedWork;
  private wasReady = false;
  private problem: string | undefined;

  constructor(private readonly options: MembershipOptions) {
    this.ticking = new RepeatedWork(() => this.tick(), options.leaseMs / BEATS_PER_LEASE);
  }

  /** @param address where this query node listens, as others connect to it */
  start(address: string): void {
    const { records, says } = this.options;
    this.held = new HeldLease(records, { ...says, role: QUERY_NODE, address });
    this.ticking.start();
  }

  /** As of a beat ago. */
  queryNodes(): ObservedLease[] {
    return this.options.observer.leases(QUERY_NODE);
  }

  /** Beats, looks at the others, forgets who is long dead. Never rejects. */
  async tick(): Promise<void> {
    const { observer, isReady, load, logger } = this.options;
    try {
      this.wasReady ||= isReady();
      if (this.wasReady) await this.held?.beat(load());
      await observer.look();
      await this.forget();
      this.problem = undefined;
    } catch (error) {
      const problem = reasonOf(error);
      if (problem !== this.problem) logger.warn({ problem }, 'the lease could not be renewed');
      this.problem = problem;
    }
  }

  /** Shows no sign of life any more, from the moment that the store has it on. Never rejects. */
  async close(): Promise<void> {
    const released = this.ticking.close().then(() => this.held?.release());
    await Deadline.after(RELEASE_LIMIT_MS)
      .race(released, 'the release of the lease')
      .catch((error: unknown) => {
        this.options.logger.warn({ err: error }, 'the lease was not released: it runs out');
      });
  }

  /** Where a live one took the address of a dead one, nobody misses that. */
  private async forget(): Promise<void> {
    const { records, leaseMs } = this.options;
    const nodes = this.queryNodes();
    const taken = new Set(nodes.filter(({ isAlive }) => isAlive).map(({ lease }) => lease.address));
    for (const { lease, revision, silentMs, isAlive } of nodes) {
      const isLongDead = silentMs >= SHOWN_LEASES * leaseMs;
      if (isAlive || !(isLongDead || taken.has(lease.address))) continue;
      // Not where it has beaten after all.
      await records.remove(LEASE_KIND, lease.node, revision);
    }
  }
}
