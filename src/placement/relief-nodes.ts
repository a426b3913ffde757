import { placedKey, type Placed } from './move-off.js';
import { nodeSets } from './node-sets.js';
import { nodesOf, type Move } from './reassign.js';

/** From this share of its memory or load on something is to be done about a node. */
export const HOT_SHARE = 0.8;
/**
 * What moves is to bring its node back to this share, and fills no other one past it: what a node really takes is
 * known by estimate, and the gap keeps it from coming back.
 */
export const REST_SHARE = 0.75;

/** A node as it last said. */
export interface NodeSample {
  node: string;
  /** What fails together with it. */
  domain: string;
  /** The tenant whose alone it is; undefined: nobody's. */
  owner?: string | undefined;
  /** It lives and has read all of what it holds, and partitions may be placed on it. */
  isOpen: boolean;
  rows: number;
  /** Of these rows. */
  bytes: number;
  /** What it can hold; undefined: it never said. */
  capacityBytes: number | undefined;
  /** The share of its time for which it was busy, from 0 to 1; undefined: it did not say. */
  load: number | undefined;
}

export interface HotNode {
  node: string;
  /** Of which it has more than it should. */
  cause: 'memory' | 'load';
  /** What it has of that, of 1. */
  share: number;
  /** So many rows less bring it back to `REST_SHARE`. */
  excessRows: number;
}

/**
 * Nodes and what lies on them while steps are tried. All of a node's rows are taken to be alike, so that a partition
 * has the part of its bytes and of its load that it has of its rows, and keeps that where it goes.
 */
export class ReliefNodes {
  private readonly nodes: ReadonlyMap<string, NodeSample>;
  /** What lies on those that are hot. */
  private readonly pieces: ReadonlyMap<string, Placed[]>;
  private readonly moving = new Set<string>();
  /** By the number of nodes, and by whose they are. */
  private readonly sets = new Map<string, ReadonlySet<string>[]>();

  constructor(nodes: readonly NodeSample[], placed: readonly Placed[]) {
    this.nodes = new Map(nodes.map((each) => [each.node, { ...each }]));
    this.pieces = new Map(this.hot().map(({ node }) => [node, []]));
    for (const piece of placed) {
      for (const { node, state } of piece.partition.replicas) {
        if (state !== 'serving') this.moving.add(node);
        this.pieces.get(node)?.push(piece);
      }
    }
  }

  /** Those past `HOT_SHARE` of which something could move, the hottest first. */
  hot(): HotNode[] {
    return [...this.nodes.values()]
      .filter((each) => each.isOpen && each.rows > 0)
      .flatMap((each) => {
        const [memory, load] = sharesOf(each);
        const share = Math.max(memory, load);
        if (share < HOT_SHARE) return [];
        const cause = memory >= load ? ('memory' as const) : ('load' as const);
        const excessRows = Math.ceil(each.rows * (1 - REST_SHARE / share));
        return [{ node: each.node, cause, share, excessRows }];
      })
      .sort((a, b) => b.share - a.share || (a.node < b.node ? -1 : 1));
  }

  /** What lies on a hot node. */
  on(node: string): readonly Placed[] {
    return this.pieces.get(node) ?? [];
  }

  /** Something is being built there, or leaves: what it says changes by itself. */
  isMoving(node: string): boolean {
    return this.moving.has(node);
  }

  /** The most rows of `from` that one node could take, of those on which something moves or of the others. */
  mostRoom(from: string, among: 'still' | 'moving'): number {
    let most = 0;
    for (const each of this.nodes.values()) {
      if (this.isMoving(each.node) !== (among === 'moving')) continue;
      most = Math.max(most, this.roomOn(each, from));
    }
    return most;
  }

  /**
   * Where so many rows of a partition can go from `from`: where there is room, with no more copies of it in one
   * domain than there are; of such nodes one in a domain of its own, then one that makes a set of nodes with the
   * others, then the one that has most room.
   */
  targetFor(piece: Placed, from: string, rows: number): string | undefined {
    const { replicas } = piece.partition;
    const kept = nodesOf(replicas).filter((node) => node !== from);
    const isHere = new Set(replicas.map(({ node }) => node));
    const shared = this.inDomainOf(from, kept);
    let best: { node: string; rank: number; room: number } | undefined;
    for (const each of this.nodes.values()) {
      const { node } = each;
      if (isHere.has(node) || this.isMoving(node)) continue;
      const room = this.roomOn(each, from);
      const together = this.inDomainOf(node, kept);
      if (room < rows || together > shared) continue;
      const rank = 2 * together + (this.isOfSet([...kept, node], each.owner) ? 0 : 1);
      const isBetter =
        best === undefined ||
        (rank - best.rank || best.room - room || (node < best.node ? -1 : 1)) < 0;
      if (isBetter) best = { node, rank, room };
    }
    return best?.node;
  }

  /** As if the move were over. */
  apply(from: string, target: string, { tenant, partition, rows, to }: Move): void {
    const replicas = to.map((node) => ({ node, state: 'serving' as const }));
    const moved: Placed = { tenant, partition: { ...partition, replicas }, rows };
    const key = placedKey(moved);
    for (const node of nodesOf(partition.replicas)) {
      const held = this.pieces.get(node) ?? [];
      const at = held.findIndex((each) => placedKey(each) === key);
      if (at === -1) continue;
      if (to.includes(node)) held[at] = moved;
      else held.splice(at, 1);
    }
    const [source, taker] = [this.nodes.get(from), this.nodes.get(target)];
    if (source === undefined || taker === undefined) return;
    const { bytes, load } = perRow(source);
    for (const [node, more] of [
      [source, -rows],
      [taker, rows],
    ] as const) {
      node.bytes += bytes * more;
      node.rows += more;
      if (node.load !== undefined) node.load += load * more;
    }
  }

  /** The share of the node's memory or load, whichever is more, that so many of its rows have. */
  partOf(node: string, rows: number): number {
    const sample = this.nodes.get(node);
    return sample === undefined ? 0 : (Math.max(...sharesOf(sample)) * rows) / sample.rows;
  }

  /** What the node would have of 1 without so many of its rows. */
  shareWithout(node: string, rows: number): number {
    const sample = this.nodes.get(node);
    return sample === undefined ? 0 : Math.max(...sharesOf(sample)) - this.partOf(node, rows);
  }

  /** What a further node needs to be able to hold, so that these, and all together, come back to `REST_SHARE`. */
  missingBytes(hot: readonly HotNode[]): number {
    const open = [...this.nodes.values()].filter(
      ({ isOpen, capacityBytes }) => isOpen && capacityBytes !== undefined,
    );
    const used = open.reduce((sum, { bytes }) => sum + bytes, 0);
    const all = used / REST_SHARE - open.reduce((sum, each) => sum + (each.capacityBytes ?? 0), 0);
    const own = hot.reduce((sum, { node, excessRows }) => {
      const sample = this.nodes.get(node);
      return sum + (sample === undefined ? 0 : (perRow(sample).bytes * excessRows) / REST_SHARE);
    }, 0);
    return Math.ceil(Math.max(all, own));
  }

  /** Rows of `from` that a node can take; none where it is not known what it can hold. */
  private roomOn(taker: NodeSample, from: string): number {
    const source = this.nodes.get(from);
    const { node, isOpen, bytes, capacityBytes, load } = taker;
    if (source === undefined || node === from || !isOpen) return 0;
    // What is one tenant's alone takes nothing of others', and gives nothing to them.
    if (taker.owner !== source.owner) return 0;
    if (capacityBytes === undefined) return 0;
    const each = perRow(source);
    const memory = (REST_SHARE * capacityBytes - bytes) / each.bytes;
    const time = each.load === 0 ? Infinity : (REST_SHARE - (load ?? 0)) / each.load;
    return Math.max(0, Math.min(memory, time));
  }

  private inDomainOf(node: string, kept: readonly string[]): number {
    const domain = this.nodes.get(node)?.domain;
    return kept.filter((each) => this.nodes.get(each)?.domain === domain).length;
  }

  private isOfSet(nodes: readonly string[], owner: string | undefined): boolean {
    if (nodes.length === 1) return true;
    const key = `${nodes.length}/${owner ?? ''}`;
    let sets = this.sets.get(key);
    if (sets === undefined) {
      const open = [...this.nodes.values()].filter((each) => each.isOpen && each.owner === owner);
      sets = nodeSets(open, nodes.length).map((set) => new Set(set));
      this.sets.set(key, sets);
    }
    return sets.some((set) => nodes.every((node) => set.has(node)));
  }
}

function sharesOf({ bytes, capacityBytes, load = 0 }: NodeSample): [memory: number, load: number] {
  return [capacityBytes === undefined ? 0 : bytes / capacityBytes, load];
}

function perRow({ rows, bytes, load = 0 }: NodeSample): { bytes: number; load: number } {
  return { bytes: bytes / Math.max(1, rows), load: load / Math.max(1, rows) };
}
