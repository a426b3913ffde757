import type { OwnedNode } from './node-pools.js';

/** A tenant that is to have nodes of its own. */
export interface Wish {
  tenant: string;
  /** How many, at least as many as each partition has copies. */
  count: number;
  /** Those that it gets where they may be had. */
  named: readonly string[];
}

/** A node on which partitions may lie. */
export interface FreeNode extends OwnedNode {
  /** One that does not live is given to nobody; who has it keeps it. */
  isAlive: boolean;
}

export interface DedicateInput {
  wishes: readonly Wish[];
  nodes: readonly FreeNode[];
  /** Whose alone nodes are by now, also such as are not among `nodes` any more. */
  owners: ReadonlyMap<string, string>;
  /** Copies of each partition. */
  replicas: number;
  /** Rows that others than the tenant have on a node; Infinity: what cannot move. */
  strain: (node: string, tenant: string) => number;
}

export interface Dedicated {
  /** Whose alone a node is, by its name. */
  owners: ReadonlyMap<string, string>;
  /** Of how many further nodes tenants have fewer than they are to have, or none. */
  missing: ReadonlyMap<string, number>;
}

/**
 * Which nodes are whose alone. As many as there are copies are always left for all others, so that nobody loses a copy,
 * and no tenant gets fewer than that. Who has nodes comes first and keeps them, then it goes by name; a wish that
 * cannot be met as a whole gives nothing, except that nobody gives back nodes because it is to have more. What is
 * chosen anew are nodes of different domains, of such those where the least has to move away.
 */
export function dedicate(input: DedicateInput): Dedicated {
  const { nodes, replicas } = input;
  const held = heldBy(input);
  const order = [...input.wishes].sort(
    (a, b) =>
      Number(held.has(b.tenant)) - Number(held.has(a.tenant)) || (a.tenant < b.tenant ? -1 : 1),
  );
  let room = nodes.length - replicas;
  const grants: { wish: Wish; count: number }[] = [];
  const missing = new Map<string, number>();
  for (const wish of order) {
    const wanted = Math.max(wish.count, replicas);
    const count = wanted <= room ? wanted : kept(wish, input, held, room);
    if (count < wanted) missing.set(wish.tenant, wanted - (count > 0 ? count : room));
    if (count === 0) continue;
    grants.push({ wish, count });
    room -= count;
  }
  const granted = new Set(grants.map(({ wish }) => wish.tenant));
  const owners = new Map<string, string>();
  for (const { wish, count } of grants) {
    const mayHave = ({ node }: FreeNode): boolean => {
      const owner = input.owners.get(node);
      const isFree = owner === undefined || owner === wish.tenant || !granted.has(owner);
      return isFree && !owners.has(node);
    };
    const chosen = choose(wish, count, nodes.filter(mayHave), input);
    if (chosen.length < count) missing.set(wish.tenant, count - chosen.length);
    else for (const node of chosen) owners.set(node, wish.tenant);
  }
  return { owners, missing };
}

/** How many nodes each tenant has of those on which anything may lie. */
function heldBy({ nodes, owners }: DedicateInput): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const { node } of nodes) {
    const owner = owners.get(node);
    if (owner !== undefined) held.set(owner, (held.get(owner) ?? 0) + 1);
  }
  return held;
}

/**
 * What a tenant keeps that is to have more than there are: all that it has. One that has lost a node shares the others'
 * instead, since what lay on all of its own may not fit what is left of them.
 */
function kept(
  { tenant }: Wish,
  { owners, replicas }: DedicateInput,
  held: ReadonlyMap<string, number>,
  room: number,
): number {
  const here = held.get(tenant) ?? 0;
  const all = [...owners.values()].filter((owner) => owner === tenant).length;
  return here === all && here >= replicas && here <= room ? here : 0;
}

/** At most `count`: named ones first, then those that it has. */
function choose(
  { tenant, named }: Wish,
  count: number,
  nodes: readonly FreeNode[],
  { owners, strain }: DedicateInput,
): string[] {
  const left = nodes
    .map(({ node, domain = node, isAlive }) => {
      const isHeld = owners.get(node) === tenant;
      const rank = (named.includes(node) ? 0 : 2) + (isHeld ? 0 : 1);
      return { node, domain, isHeld, rank, isAlive, rows: strain(node, tenant) };
    })
    .filter(({ isHeld, isAlive, rows }) => isHeld || (isAlive && rows < Infinity));
  const used = new Map<string, number>();
  const chosen: string[] = [];
  while (chosen.length < count && left.length > 0) {
    const together = (domain: string): number => used.get(domain) ?? 0;
    left.sort(
      (a, b) =>
        a.rank - b.rank ||
        together(a.domain) - together(b.domain) ||
        a.rows - b.rows ||
        (a.node < b.node ? -1 : 1),
    );
    const [best] = left.splice(0, 1) as [(typeof left)[number]];
    chosen.push(best.node);
    used.set(best.domain, together(best.domain) + 1);
  }
  return chosen;
}
