/** What tells of this machine, or is an order for the nodes of this installation. */
const OF_THIS = /^\/(livez|readyz|healthz|metrics|stats|admin(\/|$))/;
/** What brings back products or records, which are those of whoever takes writes. */
const RESTORING = /^\/admin\/(import|rollback)(\/|$)/;

/**
 * Whether a route is answered by the installation that it came to, also where another one answers searches, or takes
 * writes: the primary of a region, or the one that all goes over to.
 */
export function isOwn(route: string): boolean {
  return OF_THIS.test(route) && !RESTORING.test(route);
}
