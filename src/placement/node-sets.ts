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
  if (nodes.length === 0) return [];
  const size = Math.min(replicas, nodes.length);
  const order = spread(nodes, size);
  const step = order.length % size === 0 ? size : 1;
  const circle = [...order, ...order];
  const sets: string[][] = [];
  for (let at = 0; at < order.length; at += step) {
    sets.push(circle.slice(at, at + size).sort(byNumber));
  }
  return sets;
}

/**
 * The nodes on a circle on which any `size` neighbours are of different domains, as far as no domain has more
 * than its part of the nodes: those of one domain, one after the other, are put `size` places apart.
 */
function spread(nodes: readonly PlaceableNode[], size: number): string[] {
  const domains = new Map<string, string[]>();
  for (const { node, domain } of [...nodes].sort((a, b) => byNumber(a.node, b.node))) {
    const key = domain ?? `node ${node}`;
    const held = domains.get(key);
    if (held === undefined) domains.set(key, [node]);
    else held.push(node);
  }
  const listed = [...domains.values()].sort((a, b) => b.length - a.length).flat();
  const count = listed.length;
  // Each by itself: neighbours are as good as any, and easier to read.
  if (domains.size === count) return listed;
  const round = count / divisor(count, size);
  const circle: string[] = [];
  listed.forEach((node, i) => (circle[(i * size + Math.floor(i / round)) % count] = node));
  return circle;
}

/** The greatest common one. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** `s2` before `s10`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
