import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ThisMachine } from '../../src/cli/autoscale/this-machine.js';
import { openControlSocket, type ControlOptions } from '../../src/supervisor/control-socket.js';

const BUSY = { ready: true, activeMs: 1, idleMs: 9 };

let folder: string;
let close: () => Promise<void>;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'omnisearch-up-'))));
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

/** The machine as an autoscaler sees it, where each process says so many jobs. */
async function machine(
  writer: number | undefined,
  queryNodes: (number | undefined)[],
  workers: (number | undefined)[],
): Promise<ThisMachine> {
  const group = (waiting: (number | undefined)[]): ControlOptions['groups']['workers'] => ({
    ...{ count: waiting.length, most: 64, become: () => undefined },
    processes: () =>
      waiting.map((jobs, i) => ({
        ...{ pid: i + 1, ...BUSY },
        ...(jobs !== undefined && { waiting: jobs }),
      })),
  });
  const path = join(folder, 'up.sock');
  const groups = { query_nodes: group(queryNodes), workers: group(workers) };
  close = await openControlSocket({ path, groups, waiting: () => writer });
  return new ThisMachine(path);
}

test.each([
  ['the one that writes for all', 120, [undefined, undefined], [], 120],
  ['query nodes, where each writes', undefined, [7, 130], [], 130],
  ['workers, where query nodes do no jobs', undefined, [undefined], [40, 150], 150],
  ['the most of all: one that has just begun has seen none', 120, [undefined], [0], 120],
  ['nobody', undefined, [undefined], [undefined], undefined],
] as const)('jobs that wait are told by %s', async (_, writer, nodes, workers, queue) => {
  const sample = await (await machine(writer, [...nodes], [...workers])).sample('workers');
  const running = workers.length;
  const heard = queue === undefined ? 0 : running;
  expect(sample).toEqual({ running, counted: running, heard, queue });
});
