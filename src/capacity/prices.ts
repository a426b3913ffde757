import { isObject } from '../core/json.js';

/** How a machine is paid for. */
export const TERMS = ['on_demand', 'spot', 'one_year', 'three_years'] as const;
export type Term = (typeof TERMS)[number];

/** A machine that can be had, with its price an hour by term. */
export interface MachinePrice {
  name: string;
  cores: number;
  memory_bytes: number;
  hour: Record<Term, number>;
}

/** What things cost. */
export interface PriceList {
  currency: string;
  /** When these prices held, and whose they are. */
  as_of: string;
  source: string;
  machines: MachinePrice[];
  disk_gb_month: number;
  network_gb: number;
  /** A service that is paid by the million searches and by what it keeps. */
  managed?: { name: string; million_searches: number; gb_month: number };
}

const GIB = 2 ** 30;

/** Nobody's prices: so much a core and a GiB, and what terms usually take off. It shows the form; put your provider's in its place. */
export const EXAMPLE_PRICES: PriceList = {
  currency: 'USD',
  as_of: '2026-11-30',
  source: 'an example and no provider’s: 0.015 a core and 0.003 a GiB an hour',
  machines: [
    machine(1, 1),
    machine(1, 2),
    machine(2, 4),
    machine(2, 8),
    machine(4, 16),
    machine(8, 32),
    machine(16, 64),
  ],
  disk_gb_month: 0.1,
  network_gb: 0.01,
  managed: { name: 'a service by use (example)', million_searches: 10, gb_month: 0.4 },
};

function machine(cores: number, gib: number): MachinePrice {
  const rounded = (price: number): number => Number(price.toFixed(4));
  const onDemand = rounded(0.015 * cores + 0.003 * gib);
  const hour = {
    on_demand: onDemand,
    spot: rounded(onDemand * 0.35),
    one_year: rounded(onDemand * 0.65),
    three_years: rounded(onDemand * 0.45),
  };
  return { name: `${cores}c${gib}g`, cores, memory_bytes: gib * GIB, hour };
}

/** A price file, or what is wrong with it. */
export function readPrices(json: unknown): PriceList | { problem: string } {
  if (!isObject(json)) return { problem: 'must be an object of prices' };
  const { currency, as_of, source, machines, disk_gb_month, network_gb, managed } = json;
  for (const [name, text] of Object.entries({ currency, as_of, source })) {
    if (typeof text !== 'string' || text === '') return { problem: `${name} must be a text` };
  }
  for (const [name, price] of Object.entries({ disk_gb_month, network_gb })) {
    if (!isAmount(price)) return { problem: `${name} must be a number from 0` };
  }
  if (!Array.isArray(machines) || machines.length === 0) {
    return { problem: 'machines must be a list of at least one' };
  }
  const bad = machines.findIndex((each) => !isMachine(each));
  if (bad !== -1) {
    const expected = `name, cores, memory_bytes and hour with ${TERMS.join(', ')}`;
    return { problem: `machines[${bad}] must have ${expected}, each above 0` };
  }
  if (managed !== undefined && !isManaged(managed)) {
    return { problem: 'managed must have name, million_searches and gb_month' };
  }
  // Each member was looked at above.
  return json as unknown as PriceList;
}

function isMachine(value: unknown): boolean {
  if (!isObject(value) || typeof value['name'] !== 'string') return false;
  const { cores, memory_bytes, hour } = value;
  if (!Number.isInteger(cores) || !isAbove0(cores) || !isAbove0(memory_bytes)) return false;
  return isObject(hour) && TERMS.every((term) => isAbove0(hour[term]));
}

function isManaged(value: unknown): boolean {
  if (!isObject(value) || typeof value['name'] !== 'string') return false;
  return isAmount(value['million_searches']) && isAmount(value['gb_month']);
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isAbove0(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}
