import type { PlaceableNode } from './node-sets.js';

/** A tenant that is to have nodes of its own. */
export interface Wish {
  tenant: string;
  /** How many, at least as many as each partition has copies. */
  count: number;
  /** Those that it gets where they may be had. */
  named: readonly string[];
}

/** A node on which partitions may lie. */
interface FreeNode extends PlaceableNode {
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
 * and no tenant gets fewer than that. Who has nodes keeps them, then it goes by name; a wish that cannot be met as a whole
 * gives nothing, except that nobody gives nodes back because it is to have more. What is chosen anew are nodes of
 * different domains, of such those from which the least has to move away.
 */
export function dedicate(input: DedicateInput): Dedicated {
  const { nodes } = input;
  const { granted, missing } = grants(input);
  const owners = new Map<string, string>();
  for (const [tenant, { wish, kept, count }] of granted) {
    const mayHave = ({ node }: FreeNode): boolean => {
      const owner = input.owners.get(node);
      const isFree = owner === undefined || owner === tenant || !granted.has(owner);
      return isFree && !owners.has(node);
    };
    const chosen = choose(wish, count, nodes.filter(mayHave), input);
    if (chosen.length < count) missing.set(tenant, count - chosen.length);
    const own = chosen.length < count ? chosen.slice(0, kept) : chosen;
    for (const node of own) owners.set(node, tenant);
  }
  return { owners, missing };
}

interface Grant {
  wish: Wish;
  /** So many it keeps in any case: what it has, where all of that is still there. */
  kept: number;
  count: number;
}

/** How many nodes each tenant gets of those that are there. */
function grants(input: DedicateInput): {
  granted: ReadonlyMap<string, Grant>;
  missing: Map<string, number>;
} {
  const { wishes, nodes, owners, replicas } = input;
  let room = nodes.length - replicas;
  const granted = new Map<string, Grant>();
  const missing = new Map<string, number>();
  const take = (wish: Wish, kept: number, count: number): void => {
    granted.set(wish.tenant, { wish, kept, count });
    room -= count;
  };
  const wanted = ({ count }: Wish): number => Math.max(count, replicas);
  const byName = [...wishes].sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const had = countBy(owners.values());
  const has = countBy(nodes.flatMap(({ node }) => owners.get(node) ?? []));
  const holders = byName.filter(({ tenant }) => has.has(tenant));
  for (const wish of holders) {
    const count = Math.min(has.get(wish.tenant) ?? 0, wanted(wish));
    if (count <= room) take(wish, count, count);
  }
  for (const wish of [...holders, ...byName.filter(({ tenant }) => !has.has(tenant))]) {
    const { tenant } = wish;
    const count = granted.get(tenant)?.count ?? 0;
    const more = wanted(wish) - count;
    // What lay on all of its own may not fit what is left of them: it shares the others' instead.
    const hasLost = (has.get(tenant) ?? 0) < (had.get(tenant) ?? 0) || count < replicas;
    room += count;
    granted.delete(tenant);
    if (count + more <= room) take(wish, hasLost ? 0 : count, count + more);
    else if (!hasLost) take(wish, count, count);
    const got = granted.get(tenant)?.count;
    if (got === undefined) missing.set(tenant, count + more - room);
    else if (got < count + more) missing.set(tenant, more - room);
  }
  return { granted, missing };
}

function countBy(tenants: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const tenant of tenants) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  return counts;
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
