import type { ObservedLease } from '../cluster/lease-observer.js';

/** The addresses that are to have requests, as far as leases tell. Once there are some, there are always some. */
export class ServerList {
  private known: readonly string[] = [];

  /** In order. */
  get addresses(): readonly string[] {
    return this.known;
  }

  /**
   * Who lives is added, who is dead or gave back its lease is taken out; with nobody left, those known last stay.
   *
   * @param isStill nobody at all beats: the store may be away, so only those go that said so
   */
  update(leases: readonly ObservedLease[], isStill: boolean): void {
    const alive = leases.filter(({ isAlive }) => isAlive);
    const spared = leases.filter(({ lease }) => isStill && this.known.includes(lease.address));
    const addresses = new Set([...alive, ...spared].map(({ lease }) => lease.address));
    if (addresses.size > 0) this.known = [...addresses].sort();
  }
}
