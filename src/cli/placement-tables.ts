import { adviceLines } from './advice-lines.js';
import type {
  ClusterBody,
  DryRunBody,
  NodeBody,
  PartitionBody,
  PlanBody,
} from './placement-client.js';
import { categoriesText, percentText, rangeText, sizeText } from './placement-texts.js';
import { linesOf, plain } from './text-table.js';

/** Nodes, partitions, then what would relieve nodes that are too full or too busy. */
export function clusterLines({ nodes, partitions, advice = [] }: ClusterBody): string[] {
  const head = ['NODE', 'ZONE', 'STATE', 'SIZE', 'CAPACITY', 'USED', 'LOAD'];
  const nodeRows = linesOf([head, ...nodes.map(nodeCells)]);
  const said = advice.length === 0 ? [] : ['', ...adviceLines(advice)];
  return [...nodeRows, '', ...partitionLines(partitions), ...said];
}

export function partitionLines(partitions: readonly PartitionBody[]): string[] {
  if (partitions.length === 0) return ['no partitions'];
  const head = ['TENANT', 'CATEGORIES', 'RANGE', 'ROWS', 'NODES', 'PARTITION'];
  return linesOf([head, ...[...partitions].sort(byName).map(partitionCells)]);
}

/** What partitions would become, and what would move by that. */
export function dryRunLines({ before, partitions, ...plan }: DryRunBody): string[] {
  const now = ['now:', ...partitionLines(before)];
  return [...now, '', 'then:', ...partitionLines(partitions), '', ...planLines(plan)];
}

/** The moves that are listed, what all of them come to, and what would relieve nodes. */
export function planLines({ moves, total, rows_per_s, advice = [] }: PlanBody): string[] {
  const said = adviceLines(advice);
  if (total.moves === 0) return ['nothing has to move', ...said];
  const head = ['TENANT', 'CATEGORIES', 'RANGE', 'ROWS', 'SIZE', 'FROM', 'TO'];
  const rows = moves.map(({ tenant, categories, range, rows: moved, bytes, from, to }) => [
    ...[tenant, categoriesText(categories), rangeText(range), String(moved), sizeText(bytes)],
    ...[from.join(','), to.join(',')],
  ]);
  const unlisted = total.moves - moves.length;
  const more = unlisted > 0 ? [`and ${unlisted} more`] : [];
  const all = `in all ${totalText({ total, rows_per_s })}`;
  return [...linesOf([head, ...rows]), ...more, all, ...said];
}

export function totalText({ total, rows_per_s }: Pick<PlanBody, 'total' | 'rows_per_s'>): string {
  const { moves, rows, bytes, seconds } = total;
  const what = `${moves} ${moves === 1 ? 'partition' : 'partitions'}, ${rows} rows to build`;
  return `${what}, ${sizeText(bytes)}, about ${seconds} s at ${rows_per_s} rows/s a node`;
}

function nodeCells({
  name,
  zone,
  alive,
  drained,
  dedicated_to: owner,
  ...figures
}: NodeBody): string[] {
  const { bytes, live_bytes, capacity_bytes, load } = figures;
  const marks = [
    ...(drained ? ['drained'] : []),
    ...(owner === undefined ? [] : [`${owner} only`]),
  ];
  const state = [alive ? 'alive' : 'silent', ...marks].join(', ');
  const capacity = capacity_bytes === null ? '' : sizeText(capacity_bytes);
  const used = capacity_bytes === null ? '' : percentText(live_bytes / capacity_bytes);
  const busy = load === null ? '' : percentText(load);
  return [name, plain(zone ?? ''), state, sizeText(bytes), capacity, used, busy];
}

function partitionCells(partition: PartitionBody): string[] {
  const { tenant, categories, range, rows, replicas, pinned, id } = partition;
  const nodes = replicas.map(({ node, state }) =>
    state === 'serving' ? node : `${node} ${state}`,
  );
  const where = nodes.join(', ') + (pinned === true ? ' (pinned)' : '');
  return [tenant, categoriesText(categories), rangeText(range), String(rows), where, id];
}

function byName(a: PartitionBody, b: PartitionBody): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ tenant, categories, range: [from] }: PartitionBody): string {
  const name = categories === 'rest' ? '\uffff' : categories.join(',');
  return [tenant, name, from.toString(16).padStart(9, '0')].join('\0');
}
