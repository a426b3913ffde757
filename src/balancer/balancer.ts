import type { LeaseObserver } from '../cluster/lease-observer.js';
import { QUERY_NODE } from '../cluster/lease.js';
import { reasonOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { RepeatedWork } from '../core/repeated-work.js';
import { ServerAddresses } from './server-addresses.js';
import { ServerList } from './server-list.js';

/** So soon, of a lease's time, is it noticed that a node came or goes. */
const LOOKS_PER_LEASE = 10;

/** The program before the query nodes. */
export interface BalancedProgram {
  /**
   * Has it send requests to these: `IP:PORT`, at least one, in order. Called again and again, whether or not they changed.
   * Rejects with what an operator can mend; the next call tries again.
   */
  setServers(addresses: readonly string[]): Promise<void>;
}

export interface BalancerOptions {
  observer: LeaseObserver;
  leaseMs: number;
  program: BalancedProgram;
  logger: Logger;
}

/** Keeps the servers of a program equal to the query nodes that hold a lease and take searches. */
export class Balancer {
  private readonly list = new ServerList();
  private readonly addresses: ServerAddresses;
  private readonly problems = new Map<string, string>();
  private readonly looking: RepeatedWork;
  private shown = '';

  constructor(private readonly options: BalancerOptions) {
    this.addresses = new ServerAddresses((line) => this.complain(line, line));
    this.looking = new RepeatedWork(() => this.look(), options.leaseMs / LOOKS_PER_LEASE);
  }

  start(): void {
    this.looking.start();
  }

  /** One look, and what follows of it. Never rejects. */
  async look(): Promise<void> {
    const { observer, program, logger } = this.options;
    await this.attempt('the store', () => observer.look());
    const leases = observer.leases(QUERY_NODE).filter(({ lease }) => lease.serves !== 'write');
    this.list.update(leases, observer.isStill);
    const addresses = await this.addresses.resolve(this.list.addresses);
    if (addresses.length === 0) return;
    if (!(await this.attempt('servers', () => program.setServers(addresses)))) return;
    const shown = addresses.join(' ');
    if (shown !== this.shown) logger.info({ servers: addresses }, 'the servers are these now');
    this.shown = shown;
  }

  close(): Promise<void> {
    return this.looking.close();
  }

  private async attempt(what: string, action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      this.problems.delete(what);
      return true;
    } catch (error) {
      this.complain(what, reasonOf(error));
      return false;
    }
  }

  /** Once for as long as it stays the same. */
  private complain(what: string, line: string): void {
    if (this.problems.get(what) !== line)
      this.options.logger.warn(what === line ? line : `${what}: ${line}`);
    this.problems.set(what, line);
  }
}
