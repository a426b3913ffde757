/** Writes the tables of docs/scaling.md from the planner's functions: `npx tsx scripts/scaling-doc.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEFAULT_COEFFICIENTS } from '../src/capacity/coefficients.js';
import { planCluster, type Plan } from '../src/capacity/plan-cluster.js';
import { EXAMPLE_PRICES } from '../src/capacity/prices.js';
import type { Workload } from '../src/capacity/workload.js';
import { comparisons, type Comparison } from './scaling/comparisons.js';

export const SCALING_DOC = fileURLToPath(new URL('../docs/scaling.md', import.meta.url));

const RATES = [200, 600, 2_000, 5_000];
/** Products, and what a month is held against. */
const CATALOGUES = [
  [1e6, 500],
  [5e6, 2_000],
  [50e6, 8_000],
  [100e6, 20_000],
] as const;
const MANY_SHOPS = 1_000;

/** docs/scaling.md with its tables as the functions make them now. */
export function scalingDoc(text = readFileSync(SCALING_DOC, 'utf8')): string {
  const tables = {
    coefficients: coefficientTable(),
    'one shop': planTable(false),
    'many shops': planTable(true),
    comparison: comparisonTable(),
    prices: `\`\`\`json\n${JSON.stringify({ ...EXAMPLE_PRICES, machines: EXAMPLE_PRICES.machines.slice(0, 1) }, undefined, 2)}\n\`\`\``,
  };
  return Object.entries(tables).reduce((doc, [name, table]) => {
    const [start, end] = [`<!-- ${name}: start -->`, `<!-- ${name}: end -->`];
    const [before, rest] = doc.split(start);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`no place for ${name}`);
    return `${before}${start}\n\n${table}\n\n${end}${after}`;
  }, text);
}

function planTable(inManyShops: boolean): string {
  const rows = CATALOGUES.flatMap(([rows, against]) =>
    RATES.map((qps) => {
      const shops = inManyShops
        ? { products: 0, tenants: { count: MANY_SHOPS, rows: rows / MANY_SHOPS } }
        : { products: rows, tenants: { count: 0, rows: 0 } };
      const plan = planOf({ ...shops, qps });
      return [`${rows / 1e6} M`, String(qps), ...planCells(plan, against)];
    }),
  );
  return tableOf(
    [
      ...['products', 'searches/s', 'query nodes', 'shard nodes', 'copies', 'memory GB', 'disk GB'],
      ...['p50, p99 ms', 'fails first', 'a month: on demand', 'three years', 'held against'],
    ],
    rows,
  );
}

function planOf(given: Pick<Workload, 'products' | 'tenants' | 'qps'>): Plan {
  const workload: Workload = {
    ...given,
    ...{ dimensions: 512, categories: 'zipf', replicas: 2, partitionRows: 5_000 },
    ...{ p99Ms: 100, availability: 0.999 },
  };
  const plan = planCluster(workload, EXAMPLE_PRICES.machines, EXAMPLE_PRICES, DEFAULT_COEFFICIENTS);
  if (plan === undefined) throw new Error('no machine is large enough');
  return plan;
}

function planCells(plan: Plan, against: number): string[] {
  const { query, shard, memoryBytes, diskBytes, latency, money } = plan;
  const verdict = money.on_demand <= against ? 'within' : 'above';
  const p99 = `${latency.p99Ms.toFixed(0)}${plan.isInTime ? '' : ' (late)'}`;
  return [
    `${query.nodes} x ${query.machine.name}`,
    `${shard.nodes} x ${shard.machine.name}`,
    String(shard.replicas),
    grouped((memoryBytes.query + memoryBytes.shard) / 1e9),
    grouped((diskBytes.shard + diskBytes.store) / 1e9),
    `${latency.p50Ms.toFixed(1)}, ${p99}`,
    plan.limits.failsFirst,
    `$${grouped(money.on_demand)}`,
    `$${grouped(money.three_years)}`,
    `$${grouped(against)}: ${verdict}`,
  ];
}

function comparisonTable(): string {
  const cells = ({ what, from, measured, planned, unit }: Comparison): string[] => {
    const error = (planned / measured - 1) * 100;
    return [
      ...[what, `${grouped(measured)} ${unit}`, `${grouped(planned)} ${unit}`],
      ...[`${error < 0 ? '' : '+'}${error.toFixed(1)} %`, from],
    ];
  };
  return tableOf(
    ['what', 'measured', 'by the formulas', 'error', 'measured by'],
    comparisons().map(cells),
  );
}

function coefficientTable(): string {
  const rows = Object.entries(DEFAULT_COEFFICIENTS).map(([name, value]) => {
    return [`\`${name}\``, grouped(value)];
  });
  return tableOf(['coefficient', 'default'], rows);
}

function grouped(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 3;
  return Number(value.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function tableOf(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SCALING_DOC, scalingDoc());
