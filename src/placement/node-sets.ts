/** A node that can hold partitions, and where it stands. */
export interface PlaceableNode {
  node: string;
  /** What fails together: a host or a zone; undefined where that is not known. */
  domain?: string | undefined;
}

/**
 * Sets of `replicas` nodes each, on which partitions are placed as wholes: a partition's copies lie on one
 * of few sets instead of on any nodes, so a search asks one node a set, and fewer combinations of dead
 * nodes take something away (copysets; Cidon et al., "Copysets: Reducing the Frequency of Data Loss in
 * Cloud Storage", 2013). Nodes of one set are of different domains as far as there are enough. Where the
 * number does not divide, sets overlap, each node being in as many as there are replicas, so that all can carry
 * the same. Fewer nodes than `replicas` are one set.
 */
export function nodeSets(nodes: readonly PlaceableNode[], replicas: number): string[][] {
  const order = byTurns(nodes);
  if (order.length === 0) return [];
  const size = Math.min(replicas, order.length);
  const step = order.length % size === 0 ? size : 1;
  const circle = [...order, ...order];
  const sets: string[][] = [];
  for (let at = 0; at < order.length; at += step) {
    sets.push(circle.slice(at, at + size).sort(byNumber));
  }
  return sets;
}

/** One of each domain in turn, so that neighbours are of different ones while several are left. */
function byTurns(nodes: readonly PlaceableNode[]): string[] {
  const domains = new Map<string, string[]>();
  for (const { node, domain = node } of [...nodes].sort((a, b) => byNumber(a.node, b.node))) {
    const held = domains.get(domain);
    if (held === undefined) domains.set(domain, [node]);
    else held.push(node);
  }
  const order: string[] = [];
  const queues = [...domains.values()];
  while (order.length < nodes.length) {
    // The fullest ones first: they would be left over at the end, beside themselves.
    queues.sort((a, b) => b.length - a.length);
    for (const queue of queues) {
      const next = queue.shift();
      if (next !== undefined) order.push(next);
    }
  }
  return order;
}

/** `s2` before `s10`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
