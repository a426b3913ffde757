import { hashText } from '../../core/hash.js';

/** How much busier than the other the first of a pair may be: what is nearer is noise. */
const NEAR_RATIO = 1.25;
/** The same where the first has answered the like of the request before, and this many requests more. */
const STICKY_RATIO = 1.5;
const STICKY_SLACK = 0.5;

/** What is known of nodes. */
export interface KnownLoads {
  /** Ejected or silent. */
  isLeftAlone(node: string): boolean;
  /** See `NodeHealth.load`. */
  load(node: string): number;
}

export interface Wish {
  /** Where earlier rounds of the same search went. */
  prefer?: string | undefined;
  /** 32 bits; the same for requests that gain from going to the same replica. */
  stickyKey?: number | undefined;
}

/**
 * Which of `nodes`, at least one, is asked: the one that is preferred while it is healthy; else the less
 * busy of two (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001), which errs far
 * less than the least busy of all where the loads are a moment old. The two are drawn by `random`, or are
 * the first two in the key's order of all nodes (rendezvous hashing; Thaler and Ravishankar, 1998).
 * Those that are left alone are asked only where all are.
 */
export function chooseReplica(
  nodes: readonly string[],
  known: KnownLoads,
  wish: Wish,
  random: () => number,
): string {
  const healthy = nodes.filter((node) => !known.isLeftAlone(node));
  const { prefer, stickyKey } = wish;
  if (prefer !== undefined && healthy.includes(prefer)) return prefer;
  const open = healthy.length > 0 ? healthy : nodes;
  if (open.length === 1) return open[0] as string;
  const [first, second] = stickyKey === undefined ? drawn(open, random) : ranked(open, stickyKey);
  const [ratio, slack] = stickyKey === undefined ? [NEAR_RATIO, 0] : [STICKY_RATIO, STICKY_SLACK];
  return known.load(first) > ratio * known.load(second) + slack ? second : first;
}

function drawn(nodes: readonly string[], random: () => number): [string, string] {
  const first = Math.floor(random() * nodes.length);
  const step = 1 + Math.floor(random() * (nodes.length - 1));
  return [nodes[first] as string, nodes[(first + step) % nodes.length] as string];
}

function ranked(nodes: readonly string[], key: number): [string, string] {
  let first = { node: '', rank: -1 };
  let second = first;
  for (const node of nodes) {
    const rank = hashText(node, key);
    if (rank > first.rank) {
      second = first;
      first = { node, rank };
    } else if (rank > second.rank) second = { node, rank };
  }
  return [first.node, second.node];
}
