import type { Advice } from '../cluster/advisor.js';
import type { ChangedPartitions, ClusterPartition } from '../cluster/cluster-desk.js';
import type { ClusterNode } from '../cluster/cluster-nodes.js';
import type { ObservedLease } from '../cluster/lease-observer.js';
import { ASSUMED_ROWS_PER_S, type Plan } from '../cluster/plan.js';

/** Moves that are listed; the others are counted. */
const LISTED_MOVES = 1_000;

export function nodeBody(node: ClusterNode): object {
  const { zone = null, owner, isAlive, isDrained, bytes, liveBytes, capacityBytes = null } = node;
  const alone = owner === undefined ? {} : { dedicated_to: owner };
  const life = { alive: isAlive, drained: isDrained, ...alone };
  const memory = { bytes, live_bytes: liveBytes, capacity_bytes: capacityBytes };
  return { name: node.node, zone, ...life, ...memory, load: node.load ?? null };
}

export function queryNodeBody({ lease, isAlive }: ObservedLease): object {
  const { address, zone = null, load, version, serves } = lease;
  return { address, zone, alive: isAlive, serves, load, version };
}

export function partitionBody({ tenant, partition, rows }: ClusterPartition): object {
  const { isPinned, replicas } = partition;
  return {
    ...placedBody({ tenant, partition, rows }),
    ...(isPinned === true ? { pinned: true } : {}),
    replicas: replicas.map(({ node, state }) => ({ node, state })),
  };
}

/** What came of a change; of one that was only tried, also what it was made of, and what would move. */
export function changedBody(
  { partitions, before, plan }: ChangedPartitions,
  isDryRun: boolean,
): object {
  const after = { partitions: partitions.map(partitionBody) };
  if (!isDryRun) return after;
  return { dry_run: true, before: before.map(partitionBody), ...after, ...planBody(plan) };
}

/** What would relieve a node, or nodes, and by how much. */
export function adviceBody({ relief, plan }: Advice): object {
  const action = relief.kind;
  if (relief.kind === 'add') {
    const { hot, bytes } = relief;
    const nodes = hot.map(({ node }) => node);
    return { action, ...hotBody(hot[0]), nodes, bytes };
  }
  const hot = hotBody(relief.hot);
  if (relief.kind === 'split') return { action, ...hot, ...placedBody(relief.placed) };
  if (relief.kind !== 'move') return { action, ...hot };
  const { move, share } = relief;
  const places = { from: move.partition.replicas.map(({ node }) => node), to: move.to };
  const costs = { bytes: plan.bytes, seconds: plan.seconds };
  return { action, ...hot, share_after: rounded(share), ...placedBody(move), ...places, ...costs };
}

function hotBody(hot: { node: string; cause: string; share: number } | undefined): object {
  return hot === undefined ? {} : { node: hot.node, cause: hot.cause, share: rounded(hot.share) };
}

function placedBody({ tenant, partition, rows }: ClusterPartition): object {
  const { id, categories, from, to } = partition;
  return { tenant, id, categories, range: [from, to], rows };
}

function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}

/** The largest moves, and what all of them come to. */
export function planBody({ moves, rows, bytes, seconds }: Plan): object {
  const listed = [...moves].sort((a, b) => b.rows - a.rows).slice(0, LISTED_MOVES);
  return {
    moves: listed.map(({ from, to, bytes: size, ...placed }) => {
      return { ...placedBody(placed), from, to, bytes: size };
    }),
    total: { moves: moves.length, rows, bytes, seconds },
    rows_per_s: ASSUMED_ROWS_PER_S,
  };
}
