import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../config/setting.js';
import type { Config } from '../../config/settings.js';
import { reasonOf } from '../../core/errors.js';
import { countOf, machineSizesOf, tenantsOf } from '../../core/quantities.js';
import {
  DEFAULT_COEFFICIENTS,
  readCoefficients,
  type Coefficients,
} from '../../capacity/coefficients.js';
import { planCluster } from '../../capacity/plan-cluster.js';
import {
  EXAMPLE_PRICES,
  readPrices,
  type MachinePrice,
  type PriceList,
} from '../../capacity/prices.js';
import { peakQps, totalRows, type CategoryMix, type Workload } from '../../capacity/workload.js';
import { complain, print } from '../terminal.js';
import { linesOf, plain } from '../text-table.js';
import { planJson, planRows } from './plan-views.js';

/** Something that was asked for is not kept, or nothing can hold it. */
const NOT_KEPT = 1;

export type PlanConfig = Pick<
  Config,
  | 'products'
  | 'tenants'
  | 'qps'
  | 'dau'
  | 'dimensions'
  | 'categories'
  | 'replicas'
  | 'partitionRows'
  | 'p99Ms'
  | 'availability'
  | 'budget'
  | 'machines'
  | 'prices'
  | 'coefficients'
  | 'json'
>;

/**
 * `omnisearch plan`: machines and money for a workload, by formulas alone. Resolves with 0, or 1 where p99 or budget are
 * not kept or no machine is large enough. Throws `ConfigError` for wrong usage.
 */
export async function runPlan(config: PlanConfig): Promise<number> {
  const workload = workloadOf(config);
  const prices = await fileOf(config.prices, 'prices', readPrices, EXAMPLE_PRICES);
  const of = await coefficientsOf(config.coefficients);
  const plan = planCluster(workload, machinesOf(config.machines, prices), prices, of);
  if (plan === undefined) return complain(NOT_KEPT, 'no such machine is large enough');
  const { budget = Infinity } = config;
  const isInBudget = plan.money.on_demand <= budget;
  if (config.json) print(JSON.stringify({ ...planJson(plan), within_budget: isInBudget }));
  else {
    for (const line of linesOf(planRows(plan, workload, prices))) print(line);
    print(`to grow: ${plan.limits.grow}`);
    print(`prices are ${plain(prices.source)}`);
  }
  if (!plan.isInTime) return complain(NOT_KEPT, `p99 is above ${workload.p99Ms} ms with any plan`);
  return isInBudget ? 0 : complain(NOT_KEPT, `it takes more than ${budget} a month`);
}

function workloadOf(config: PlanConfig): Workload {
  const { dimensions, replicas, partitionRows, p99Ms, availability } = config;
  const qps = config.qps ?? (config.dau === undefined ? 0 : peakQps(countOf(config.dau) ?? 0));
  if (qps === 0) throw new ConfigError('--qps must be given, or --dau above 0');
  const workload = {
    ...{ qps, dimensions, replicas, p99Ms, availability },
    partitionRows: Math.max(1, partitionRows),
    products: countOf(config.products) ?? 0,
    tenants: shopsOf(config.tenants),
    categories: categoriesOf(config.categories),
  };
  if (totalRows(workload) === 0) {
    throw new ConfigError('--products must be above 0, or --tenants given: nothing is to be held');
  }
  return workload;
}

function shopsOf(text = '0x0'): Workload['tenants'] {
  const tenants = tenantsOf(text);
  if (tenants !== undefined) return tenants;
  throw new ConfigError(
    `--tenants must be shops and the products of each, 20x30K, got ${JSON.stringify(text)}`,
  );
}

function categoriesOf(text: string): CategoryMix {
  return text === 'zipf' || text === 'even' ? text : Number(text);
}

/** The machines of the list that have one of these sizes. */
function machinesOf(sizes: string | undefined, { machines }: PriceList): MachinePrice[] {
  if (sizes === undefined) return machines;
  return machineSizesOf(sizes).flatMap((bytes, i) => {
    const found = machines.filter(({ memory_bytes }) => memory_bytes === bytes);
    if (found.length > 0) return found;
    const known = machines.map(({ memory_bytes }) => `${memory_bytes / 2 ** 30}G`).join(', ');
    throw new ConfigError(
      `--machines must be of the price list, ${known}, got ${JSON.stringify(sizes.split(',')[i])}`,
    );
  });
}

async function coefficientsOf(file: string | undefined): Promise<Coefficients> {
  return fileOf(file, 'coefficients', readCoefficients, DEFAULT_COEFFICIENTS);
}

/** What a JSON file says, or what is used without one. */
async function fileOf<T extends object>(
  file: string | undefined,
  flag: string,
  read: (json: unknown) => T | { problem: string },
  without: T,
): Promise<T> {
  if (file === undefined) return without;
  const json = await readFile(file, 'utf8')
    .then((text): unknown => JSON.parse(text))
    .catch((error: unknown) => {
      throw new ConfigError(`--${flag} must be a file of JSON: ${reasonOf(error)}`);
    });
  const value = read(json);
  if ('problem' in value) throw new ConfigError(`--${flag}: ${value.problem}`);
  return value;
}
