import { nodesOf, type Move } from '../placement/reassign.js';
import type { ClusterNode } from './cluster-nodes.js';

/** What a node is taken to build of what is moved to it, graphs included; how fast it is depends on the machine and the model. */
export const ASSUMED_ROWS_PER_S = 3_000;

/** A partition's move, and what it costs. */
interface PlannedMove extends Move {
  from: readonly string[];
  /** Of all copies that have to be built. */
  bytes: number;
}

export interface Plan {
  moves: PlannedMove[];
  /** Rows of all copies that have to be built. */
  rows: number;
  bytes: number;
  /** Until all of it serves, with all nodes at work beside each other. */
  seconds: number;
}

/** What moves come to. */
export function planOf(moves: readonly Move[], nodes: readonly ClusterNode[]): Plan {
  const bytesPerRow = new Map(
    nodes.map((each) => [each.node, each.liveBytes / Math.max(1, each.rows)]),
  );
  const built = new Map<string, number>();
  const plan: Plan = { moves: [], rows: 0, bytes: 0, seconds: 0 };
  for (const move of moves) {
    const from = nodesOf(move.partition.replicas);
    const added = move.to.filter((node) => !from.includes(node));
    const perRow = Math.max(0, ...from.map((node) => bytesPerRow.get(node) ?? 0));
    const bytes = Math.round(perRow * move.rows * added.length);
    for (const node of added) built.set(node, (built.get(node) ?? 0) + move.rows);
    plan.moves.push({ ...move, from, bytes });
    plan.rows += move.rows * added.length;
    plan.bytes += bytes;
  }
  plan.seconds = Math.ceil(Math.max(0, ...built.values()) / ASSUMED_ROWS_PER_S);
  return plan;
}
