import { HASH_END } from '../core/ids.js';
import type { ClusterBody, NodeBody, PartitionBody, PlanBody } from './placement-client.js';
import { cut, linesOf, MAX_CELL_WIDTH, plain } from './text-table.js';

const MIB = 1_048_576;

/** Nodes, then partitions. */
export function clusterLines({ nodes, partitions }: ClusterBody): string[] {
  const nodeRows = [['NODE', 'ZONE', 'STATE', 'SIZE', 'CAPACITY'], ...nodes.map(nodeCells)];
  return [...linesOf(nodeRows), '', ...partitionLines(partitions)];
}

export function partitionLines(partitions: readonly PartitionBody[]): string[] {
  if (partitions.length === 0) return ['no partitions'];
  const head = ['TENANT', 'CATEGORIES', 'RANGE', 'ROWS', 'NODES', 'PARTITION'];
  return linesOf([head, ...[...partitions].sort(byName).map(partitionCells)]);
}

/** The moves that are listed, then what all of them come to. */
export function planLines({ moves, total, rows_per_s }: PlanBody): string[] {
  if (total.moves === 0) return ['nothing has to move'];
  const head = ['TENANT', 'CATEGORIES', 'RANGE', 'ROWS', 'SIZE', 'FROM', 'TO'];
  const rows = moves.map(({ tenant, categories, range, rows: moved, bytes, from, to }) => [
    ...[tenant, categoriesText(categories), rangeText(range), String(moved), sizeText(bytes)],
    ...[from.join(','), to.join(',')],
  ]);
  const unlisted = total.moves - moves.length;
  const more = unlisted > 0 ? [`and ${unlisted} more`] : [];
  return [...linesOf([head, ...rows]), ...more, `in all ${totalText({ total, rows_per_s })}`];
}

export function totalText({ total, rows_per_s }: Pick<PlanBody, 'total' | 'rows_per_s'>): string {
  const { moves, rows, bytes, seconds } = total;
  const what = `${moves} ${moves === 1 ? 'partition' : 'partitions'}, ${rows} rows to build`;
  return `${what}, ${sizeText(bytes)}, about ${seconds} s at ${rows_per_s} rows/s a node`;
}

function nodeCells({ name, zone, alive, drained, bytes, capacity_bytes }: NodeBody): string[] {
  const state = [alive ? 'alive' : 'silent', ...(drained ? ['drained'] : [])].join(', ');
  const capacity = capacity_bytes === null ? '' : sizeText(capacity_bytes);
  return [name, plain(zone ?? ''), state, sizeText(bytes), capacity];
}

function partitionCells(partition: PartitionBody): string[] {
  const { tenant, categories, range, rows, replicas, pinned, id } = partition;
  const nodes = replicas.map(({ node, state }) =>
    state === 'serving' ? node : `${node} ${state}`,
  );
  const where = nodes.join(', ') + (pinned === true ? ' (pinned)' : '');
  return [tenant, categoriesText(categories), rangeText(range), String(rows), where, id];
}

function categoriesText(categories: PartitionBody['categories']): string {
  const text = categories === 'rest' ? '(rest)' : categories.map(plain).join(', ');
  return cut(text, MAX_CELL_WIDTH);
}

/** In percent of the hash's range. */
function rangeText([from, to]: PartitionBody['range']): string {
  const percent = (at: number): string => String(Math.round((1_000 * at) / HASH_END) / 10);
  return from === 0 && to === HASH_END ? 'all' : `${percent(from)}-${percent(to)} %`;
}

function sizeText(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function byName(a: PartitionBody, b: PartitionBody): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ tenant, categories, range: [from] }: PartitionBody): string {
  const name = categories === 'rest' ? '\uffff' : categories.join(',');
  return [tenant, name, from.toString(16).padStart(9, '0')].join('\0');
}
