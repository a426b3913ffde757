import { nodesOf, type Move } from '../placement/reassign.js';
import type { Partition } from '../store/store.js';

/** Names that are said; the others are counted. */
const NAMED = 3;

/** A change of a tenant's partitions for people, such as `split of shop: 1 partition → 2, s1`. */
export function toldChange(
  what: string,
  tenant: string,
  before: readonly Partition[],
  after: readonly Partition[],
): string {
  const [known, kept] = [new Set(before), new Set(after)];
  const gone = before.filter((each) => !kept.has(each));
  const made = after.filter((each) => !known.has(each));
  const count = many(gone.length, 'partition');
  const counts = gone.length === made.length ? count : `${count} → ${made.length}`;
  return `${what} of ${tenant}: ${counts}, ${places(nodesIn(gone), nodesIn(made))}`;
}

/** The same of moves, of any tenants. */
export function toldMoves(what: string, moves: readonly Move[]): string {
  const tenants = [...new Set(moves.map(({ tenant }) => tenant))];
  const from = nodesIn(moves.map(({ partition }) => partition));
  const to = new Set(moves.flatMap((move) => [...move.to]));
  const whose = tenants.length > NAMED ? `${tenants.length} tenants` : tenants.join(', ');
  return `${what} of ${whose}: ${many(moves.length, 'partition')}, ${places(from, to)}`;
}

function nodesIn(partitions: readonly Partition[]): Set<string> {
  return new Set(partitions.flatMap(({ replicas }) => nodesOf(replicas)));
}

function places(from: ReadonlySet<string>, to: ReadonlySet<string>): string {
  const [before, after] = [named(from), named(to)];
  return before === after ? after : `${before} → ${after}`;
}

function named(nodes: ReadonlySet<string>): string {
  const all = [...nodes].sort();
  const rest = all.length - NAMED;
  return rest > 0 ? `${all.slice(0, NAMED).join(', ')} and ${rest} more` : all.join(', ');
}

function many(count: number, of: string): string {
  return `${count} ${of}${count === 1 ? '' : 's'}`;
}
