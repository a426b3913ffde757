import type { ClusterPartition } from '../cluster/cluster-desk.js';
import type { ClusterNode } from '../cluster/cluster-nodes.js';
import type { ObservedLease } from '../cluster/lease-observer.js';
import { ASSUMED_ROWS_PER_S, type Plan } from '../cluster/plan.js';

/** Moves that are listed; the others are counted. */
const LISTED_MOVES = 1_000;

export function nodeBody(node: ClusterNode): object {
  const { zone = null, isAlive, isDrained, bytes, capacityBytes = null } = node;
  const life = { alive: isAlive, drained: isDrained };
  return { name: node.node, zone, ...life, bytes, capacity_bytes: capacityBytes };
}

export function queryNodeBody({ lease, isAlive }: ObservedLease): object {
  const { address, zone = null, load, version, serves } = lease;
  return { address, zone, alive: isAlive, serves, load, version };
}

export function partitionBody({ tenant, partition, rows }: ClusterPartition): object {
  const { id, categories, from, to, isPinned, replicas } = partition;
  return {
    ...{ tenant, id, categories, range: [from, to], rows },
    ...(isPinned === true ? { pinned: true } : {}),
    replicas: replicas.map(({ node, state }) => ({ node, state })),
  };
}

/** The largest moves, and what all of them come to. */
export function planBody({ moves, rows, bytes, seconds }: Plan): object {
  const listed = [...moves].sort((a, b) => b.rows - a.rows).slice(0, LISTED_MOVES);
  return {
    moves: listed.map(({ tenant, partition, from, to, rows: moved, bytes: size }) => {
      const { id, categories } = partition;
      const range = [partition.from, partition.to];
      return { tenant, id, categories, range, from, to, rows: moved, bytes: size };
    }),
    total: { moves: moves.length, rows, bytes, seconds },
    rows_per_s: ASSUMED_ROWS_PER_S,
  };
}
