import { isAtRest } from './growth.js';
import { placedKey, type Placed } from './move-off.js';
import { nodesOf, type Move } from './reassign.js';
import { ReliefNodes, type HotNode, type NodeSample } from './relief-nodes.js';
import { canBeHalved } from './reshape.js';

/** What is to be done about nodes that are too full, or too busy. */
export type Relief =
  /** One copy of a partition goes to another node. */
  | { kind: 'move'; hot: HotNode; move: Move; target: string; share: number }
  /** Nothing that lies there fits elsewhere: this is halved, so that a part of it does. */
  | { kind: 'split'; hot: HotNode; placed: Placed }
  /** Something is moving there, or to where something could go: what comes of it is to be seen first. */
  | { kind: 'wait'; hot: HotNode }
  /** All that lies there is pinned: it is for an operator to let some of it go. */
  | { kind: 'unpin'; hot: HotNode }
  /** No node can take what these have too much of: one more of so many bytes could. */
  | { kind: 'add'; hot: readonly HotNode[]; bytes: number };

export interface ReliefInput {
  nodes: readonly NodeSample[];
  /** All partitions of all tenants. */
  placed: readonly Placed[];
  /** Of a tenant. */
  maxPartitions: number;
}

/** Halvings of one partition that are worth it. */
const MAX_HALVINGS = 4;
/** What is less than this part of a node is not worth a partition. */
const LEAST_PART = 0.01;

/**
 * What would relieve nodes past `HOT_SHARE` of their memory or load: one thing a node, the hottest first, each as if
 * those before were done. A move takes as few rows as bring its node back to `REST_SHARE`, else the most that another
 * node can take. No node is filled past `REST_SHARE`, so none becomes hot by it and nothing comes back: taken again
 * and again it ends. What is pinned stays, and no two copies come to lie in one domain that did not before.
 */
export function* reliefs({ nodes, placed, maxPartitions }: ReliefInput): Generator<Relief> {
  const state = new ReliefNodes(nodes, placed);
  const unhelped: HotNode[] = [];
  for (const hot of state.hot()) {
    const here = state.on(hot.node);
    // With nothing there it is about to say something else.
    if (state.isMoving(hot.node) || here.length === 0) {
      yield { kind: 'wait', hot };
      continue;
    }
    if (here.every(({ partition }) => partition.isPinned === true)) {
      yield { kind: 'unpin', hot };
      continue;
    }
    const pieces = movable(here);
    const move = moveOff(hot, pieces, state);
    if (move !== undefined) {
      state.apply(hot.node, move.target, move.move);
      yield move;
      continue;
    }
    const split = splitOn(hot, cuttable(pieces, placed, maxPartitions), state);
    if (split !== undefined) yield { kind: 'split', hot, placed: split };
    else if (mayTakeLater(hot, pieces, state)) yield { kind: 'wait', hot };
    else unhelped.push(hot);
  }
  if (unhelped.length > 0) {
    yield { kind: 'add', hot: unhelped, bytes: state.missingBytes(unhelped) };
  }
}

/** Small ones first. */
function movable(placed: readonly Placed[]): Placed[] {
  return placed
    .filter(({ partition, rows }) => partition.isPinned !== true && rows > 0 && isAtRest(partition))
    .sort((a, b) => a.rows - b.rows || (placedKey(a) < placedKey(b) ? -1 : 1));
}

/** Those of tenants that may have more partitions. */
function cuttable(
  pieces: readonly Placed[],
  placed: readonly Placed[],
  maxPartitions: number,
): Placed[] {
  const counts = new Map(pieces.map(({ tenant }) => [tenant, 0]));
  for (const { tenant } of placed) {
    const count = counts.get(tenant);
    if (count !== undefined) counts.set(tenant, count + 1);
  }
  return pieces.filter(({ tenant }) => (counts.get(tenant) ?? 0) < maxPartitions);
}

function moveOff(
  hot: HotNode,
  pieces: readonly Placed[],
  state: ReliefNodes,
): (Relief & { kind: 'move' }) | undefined {
  const { excessRows } = hot;
  const most = state.mostRoom(hot.node, 'still');
  const fitting = pieces.filter(({ rows }) => rows <= most);
  const enough = fitting.filter(({ rows }) => rows >= excessRows);
  const less = fitting.filter(({ rows }) => rows < excessRows).reverse();
  for (const piece of [...enough, ...less]) {
    const target = state.targetFor(piece, hot.node, piece.rows);
    if (target === undefined) continue;
    const nodes = nodesOf(piece.partition.replicas);
    const to = nodes.map((node) => (node === hot.node ? target : node));
    const share = state.shareWithout(hot.node, piece.rows);
    return { kind: 'move', hot, move: { ...piece, to }, target, share };
  }
  return undefined;
}

/** Whether what moves elsewhere keeps a node from taking the least of what lies here. */
function mayTakeLater(hot: HotNode, pieces: readonly Placed[], state: ReliefNodes): boolean {
  const [least] = pieces;
  return least !== undefined && least.rows <= state.mostRoom(hot.node, 'moving');
}

/** The partition of which the fewest halvings make something that fits elsewhere, the largest of such. */
function splitOn(hot: HotNode, pieces: readonly Placed[], state: ReliefNodes): Placed | undefined {
  const largestFirst = [...pieces].reverse();
  for (let halvings = 1; halvings <= MAX_HALVINGS; halvings++) {
    for (const piece of largestFirst) {
      const rows = piece.rows / 2 ** halvings;
      if (rows < 1 || state.partOf(hot.node, rows) < LEAST_PART) break;
      if (!canBeHalved(piece.partition)) continue;
      if (state.targetFor(piece, hot.node, rows) !== undefined) return piece;
    }
  }
  return undefined;
}
