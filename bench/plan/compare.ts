import type { OneMachinePlan } from '../../src/capacity/one-machine.js';
import { serverFigures } from '../../src/cli/plan/measure-machine.js';
import type { MeasuredServer } from '../../src/cli/plan/measure-server.js';
import type { Row } from '../lib/table.js';

/** A figure that was foretold and then measured. */
export interface Foretold {
  figure: string;
  unit: string;
  predicted: number;
  measured: number;
  /** Of the prediction, in percent of what was measured. */
  error: number;
}

/** What is to be within it. */
const BOUND = 15;

export function compare(plan: OneMachinePlan, server: MeasuredServer): Foretold[] {
  const of = serverFigures(server);
  const line = (figure: string, unit: string, predicted: number, measured: number): Foretold => {
    return { figure, unit, predicted, measured, error: 100 * (predicted / measured - 1) };
  };
  const megabytes = (figure: string, predicted: number, measured: number): Foretold =>
    line(figure, 'MB', predicted / 1e6, measured / 1e6);
  const memory = of.shardHeapBytes + of.queryHeapBytes;
  const disk = server.disk.store + server.disk.shards;
  return [
    megabytes('anonymous memory', plan.shardHeapBytes + plan.queryHeapBytes, memory),
    megabytes('  of the shards', plan.shardHeapBytes, of.shardHeapBytes),
    megabytes('  of the query node', plan.queryHeapBytes, of.queryHeapBytes),
    megabytes('resident memory of the shards', plan.shardResidentBytes, of.shardResidentBytes),
    megabytes('disk', plan.storeBytes + plan.shardFileBytes, disk),
    megabytes('  of the store', plan.storeBytes, server.disk.store),
    megabytes('  of the shards', plan.shardFileBytes, server.disk.shards),
    line('p50, one at a time', 'ms', plan.p50Ms, server.alone.p50Ms),
    line('16 at once', 'QPS', plan.perSecond, server.atOnce.perSecond),
  ];
}

export function tableRow({ error, ...rest }: Foretold): Row {
  const within = Math.abs(error) <= BOUND ? 'yes' : 'no';
  return { ...rest, 'error %': error, 'within 15 %': within };
}

/** Memory of each process: after the load, and after a start with searches. */
export function processRows({ loaded, started }: MeasuredServer): Row[] {
  const rowsOf = (when: string, processes: MeasuredServer['loaded']): Row[] =>
    processes.map(({ role, anonymous, resident }) => {
      return {
        when,
        process: role,
        'anonymous MB': anonymous / 1e6,
        'resident MB': resident / 1e6,
      };
    });
  return [...rowsOf('after the load', loaded), ...rowsOf('after a start', started)];
}
