import type { Coefficients } from './coefficients.js';
import type { MachinePrice } from './prices.js';
import { BUSY_WITHOUT_ONE, MEMORY_SHARE } from './size-shards.js';

/** Machines that answer, with a query node a core. */
export interface QuerySize {
  machine: MachinePrice;
  nodes: number;
}

/** Memory of a query node that embeds texts. */
export function queryNodeBytes(of: Coefficients): number {
  return of.query_process_bytes + of.model_bytes;
}

/** The cheapest machines for so many busy cores; `hasSpare`: one of them may be away. */
export function querySize(
  cores: number,
  machines: readonly MachinePrice[],
  of: Coefficients,
  { busy, hasSpare }: { busy: number; hasSpare: boolean },
): QuerySize | undefined {
  const sizes = machines
    .filter(
      ({ cores: each, memory_bytes }) => each * queryNodeBytes(of) <= memory_bytes * MEMORY_SHARE,
    )
    .map((machine) => {
      const enough = Math.max(1, Math.ceil(cores / (machine.cores * busy)));
      const spare = hasSpare ? Math.ceil(cores / (machine.cores * BUSY_WITHOUT_ONE)) + 1 : 1;
      return { machine, nodes: Math.max(enough, spare) };
    });
  return sizes.sort((a, b) => priceOf(a) - priceOf(b))[0];
}

function priceOf({ machine, nodes }: QuerySize): number {
  return machine.hour.on_demand * nodes;
}
