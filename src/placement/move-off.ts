import type { PlaceableNode } from './node-sets.js';
import { nodeSets } from './node-sets.js';
import { nodesOf, type Move } from './reassign.js';

/** A partition, and how many rows it has. */
export type Placed = Omit<Move, 'to'>;

/** What tells a partition from all others. */
export function placedKey({ tenant, partition }: Pick<Placed, 'tenant' | 'partition'>): string {
  return `${tenant}/${partition.id}`;
}

export interface MoveOffOptions {
  /** Nodes on which nothing is to stay. */
  from: ReadonlySet<string>;
  /** Those that may take it; what of them is in `from` may not. */
  to: readonly PlaceableNode[];
  /** What fails together with a node: of nodes that are in neither as well. */
  domainOf: (node: string) => string;
  /** Where nobody can take a replica there is one less; else it stays where it is. */
  mayShrink: boolean;
  /** Pinned partitions move as well. */
  withPinned: boolean;
}

/** How far a node may be above the mean before one that carries less is taken instead of a better fitting one. */
const TOLERANCE = 0.05;

/**
 * What has to move so that nothing is left on some nodes: each replica there gets another node, all others stay
 * where they are. The largest go first, each to a node of another domain than the partition's other
 * replicas while there is one, then to one that does not carry more than it should; of those to
 * one with which the others make one of `nodeSets`, so that partitions go on lying on few sets of nodes; then to
 * that which carries least. Keeps of what is added only what has to move: partitions of many tenants fill the heap.
 */
export class MovesOff {
  private readonly affected: Placed[] = [];
  private readonly nodes: readonly PlaceableNode[];
  private readonly takers: ReadonlyMap<string, Taker>;

  constructor(private readonly options: MoveOffOptions) {
    const { from, to, domainOf } = options;
    this.nodes = to.filter(({ node }) => !from.has(node));
    this.takers = new Map(
      this.nodes.map(({ node }) => [node, { node, domain: domainOf(node), rows: 0, count: 0 }]),
    );
  }

  /** Something that lies among those nodes. */
  add(piece: Placed): void {
    const { from, withPinned } = this.options;
    const { partition, rows } = piece;
    const nodes = nodesOf(partition.replicas);
    for (const node of nodes) {
      const taker = this.takers.get(node);
      if (taker === undefined) continue;
      taker.rows += rows;
      taker.count += 1;
    }
    const mayMove = withPinned || partition.isPinned !== true;
    if (mayMove && nodes.some((node) => from.has(node))) this.affected.push(piece);
  }

  /** Of all that was added. */
  moves(): Move[] {
    const { affected, options } = this;
    if (affected.length === 0) return [];
    const takers = new Takers([...this.takers.values()], this.nodes, this.mostRows());
    return affected.sort(largestFirst).flatMap((piece): Move[] => {
      const to = replaced(piece, takers, options);
      return to === undefined ? [] : [{ ...piece, to }];
    });
  }

  /** What a node should carry at most. */
  private mostRows(): number {
    const { from } = this.options;
    let total = 0;
    for (const { rows } of this.takers.values()) total += rows;
    for (const { partition, rows } of this.affected) {
      total += rows * nodesOf(partition.replicas).filter((node) => from.has(node)).length;
    }
    return (total / this.nodes.length) * (1 + TOLERANCE);
  }
}

/** The nodes that the partition is to be on; undefined: it cannot move. */
function replaced(
  { partition, rows }: Placed,
  takers: Takers,
  { from, domainOf, mayShrink }: MoveOffOptions,
): string[] | undefined {
  const nodes = nodesOf(partition.replicas);
  const [kept, going] = [
    nodes.filter((node) => !from.has(node)),
    nodes.filter((node) => from.has(node)),
  ];
  let left = going.length;
  for (; left > 0; left--) {
    const node = takers.take(kept, rows, nodes.length, domainOf);
    if (node === undefined) break;
    kept.push(node);
  }
  if (left === going.length && (!mayShrink || kept.length === 0)) return undefined;
  return mayShrink ? kept : [...kept, ...going.slice(0, left)];
}

interface Taker {
  node: string;
  domain: string;
  rows: number;
  count: number;
}

/** The nodes that take what others let go. */
class Takers {
  /** By the number of replicas: with which others a node is in a set. */
  private readonly partners = new Map<number, ReadonlyMap<string, ReadonlySet<string>>>();

  constructor(
    private readonly all: readonly Taker[],
    private readonly nodes: readonly PlaceableNode[],
    /** What a node should carry at most. */
    private readonly mostRows: number,
  ) {}

  /** The best node for one more replica beside those on `kept`; undefined where there is none. */
  take(
    kept: readonly string[],
    rows: number,
    replicas: number,
    domainOf: MoveOffOptions['domainOf'],
  ): string | undefined {
    const domains = new Set(kept.map(domainOf));
    const partners = this.partnersOf(replicas);
    let best: { taker: Taker; rank: number } | undefined;
    for (const taker of this.all) {
      if (kept.includes(taker.node)) continue;
      const isApart = !domains.has(taker.domain);
      const fits = taker.rows + rows <= this.mostRows;
      const isOfSet = kept.every((node) => partners.get(node)?.has(taker.node) === true);
      const rank = (isApart ? 0 : 4) + (fits ? 0 : 2) + (fits && isOfSet ? 0 : 1);
      if (best === undefined || isBetter({ taker, rank }, best)) best = { taker, rank };
    }
    if (best === undefined) return undefined;
    best.taker.rows += rows;
    best.taker.count += 1;
    return best.taker.node;
  }

  private partnersOf(replicas: number): ReadonlyMap<string, ReadonlySet<string>> {
    let partners = this.partners.get(replicas);
    if (partners === undefined) {
      const made = new Map<string, Set<string>>(this.all.map(({ node }) => [node, new Set()]));
      for (const set of nodeSets(this.nodes, replicas)) {
        for (const node of set) for (const other of set) made.get(node)?.add(other);
      }
      partners = made;
      this.partners.set(replicas, made);
    }
    return partners;
  }
}

function isBetter(
  one: { taker: Taker; rank: number },
  other: { taker: Taker; rank: number },
): boolean {
  const [a, b] = [one.taker, other.taker];
  return (one.rank - other.rank || a.rows - b.rows || a.count - b.count) < 0;
}

function largestFirst(a: Placed, b: Placed): number {
  return b.rows - a.rows || (placedKey(a) < placedKey(b) ? -1 : 1);
}
