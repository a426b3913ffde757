import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPolicy, type Policy } from '../../src/capacity/autoscale/policy.js';
import type { RoleSample } from '../../src/capacity/autoscale/sample.js';
import { Autoscaler } from '../../src/cli/autoscale/autoscaler.js';
import type { Ground, Order } from '../../src/cli/autoscale/ground.js';
import { runHook } from '../../src/cli/autoscale/hook.js';
import { Hosts } from '../../src/cli/autoscale/hosts.js';
import { LEASE_KIND, valueOfLease } from '../../src/cluster/lease.js';
import { DECISION_KIND, ScalingLog } from '../../src/cluster/scaling-log.js';
import { createLogger } from '../../src/core/logger.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const MINUTE_MS = 60_000;

class ToldGround implements Ground {
  orders: Order[] = [];
  told: RoleSample = { running: 2, heard: 2, qps: 400, cpu: 0.5 };
  problem: string | undefined;

  async sample(): Promise<RoleSample> {
    if (this.problem === 'dead') throw new Error('nobody answers');
    return this.told;
  }

  async change(order: Order): Promise<void> {
    this.orders.push(order);
    if (this.problem !== undefined) throw new Error(this.problem);
  }
}

describe('an autoscaler', () => {
  const policy = readPolicy({ query_nodes: { min: 1, max: 9 } }) as Policy;
  let [ground, log, nowMs] = [new ToldGround(), new ScalingLog(new MemoryRecords()), 0];
  const open = () =>
    new Autoscaler({
      policy,
      ground,
      log,
      logger: createLogger('silent', 'test'),
      now: () => nowMs,
    });

  beforeEach(() => {
    [ground, log, nowMs] = [new ToldGround(), new ScalingLog(new MemoryRecords()), 1e12];
  });

  test('does what is decided, and keeps it with its time, figures and reason', async () => {
    const scaler = open();
    await scaler.look();
    // It is not its turn again.
    await scaler.look();
    const decision = {
      role: 'query_nodes',
      from: 2,
      to: 3,
      reason: '400 searches a second, 150 a node',
    };
    expect(ground.orders).toEqual([decision]);
    const { decisions, seen } = await log.show(10);
    const sample = { running: 2, heard: 2, qps: 400, cpu: 0.5 };
    expect(decisions).toEqual([{ ...decision, at_ms: 1e12, sample, outcome: 'done' }]);
    expect(seen).toMatchObject({ query_nodes: { from: 2, to: 3, floor: 1, running: 2 } });
  });

  test('one that is started again goes on where the last one was; of two one acts', async () => {
    await Promise.all([open().look(), open().look()]);
    nowMs += MINUTE_MS / 2;
    await open().look();
    expect(ground.orders).toHaveLength(1);
  });

  test('a change that fails is told, and tried again after the cool-down', async () => {
    const scaler = open();
    ground.problem = 'no quota';
    await scaler.look();
    ground.problem = undefined;
    nowMs += MINUTE_MS;
    await scaler.look();
    expect(ground.orders.map(({ from, to }) => [from, to])).toEqual([
      [2, 3],
      [2, 3],
    ]);
    const { decisions } = await log.show(10);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(['done', 'no quota']);
  });

  test('a dead source changes nothing, and ends nothing', async () => {
    const scaler = open();
    ground.problem = 'dead';
    await scaler.look();
    expect(ground.orders).toEqual([]);
    expect((await log.show(1)).seen).toMatchObject({
      query_nodes: { reason: 'nobody says how many run' },
    });
  });

  test('decisions are bounded', async () => {
    const records = new MemoryRecords();
    const id = (atMs: number): string => `${String(atMs).padStart(14, '0')} workers`;
    for (let atMs = 1; atMs <= 1_005; atMs++) {
      await records.put(DECISION_KIND, id(atMs), { at_ms: atMs }, 0);
    }
    const bounded = new ScalingLog(records);
    const decision = { role: 'workers', from: 1, to: 2, reason: 'so', sample: {}, outcome: 'done' };
    await bounded.note({ atMs: 1_006, ...decision });
    const { decisions } = await bounded.show(2_000);
    expect(decisions).toHaveLength(1_000);
    expect(decisions[0]).toMatchObject({ at_ms: 1_006, ...decision });
    expect(decisions.at(-1)).toEqual({ at_ms: 7 });
  });
});

describe('commands', () => {
  const order: Order = { role: 'workers', from: 1, to: 3, reason: 'why; "so"' };
  const run = (command: string, timeoutMs = 10_000, signal = new AbortController().signal) =>
    runHook({ command, order, timeoutMs, signal });

  test('are told by their variables, and not our keys', async () => {
    process.env['OMNISEARCH_ADMIN_KEY'] = 'secret';
    try {
      const said = await run('echo "$ROLE $FROM $TO $REASON $OMNISEARCH_ADMIN_KEY"');
      expect(said).toBe('workers 1 3 why; "so" \n');
    } finally {
      delete process.env['OMNISEARCH_ADMIN_KEY'];
    }
  });

  test('that fail say why', async () => {
    await expect(run('echo no quota >&2; exit 3')).rejects.toThrow(/failed, exit code 3: no quota/);
  });

  test('that take too long are ended, with what they started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omnisearch-hook-'));
    try {
      const late = join(folder, 'pid');
      await expect(run(`sleep 60 & echo $! > ${late}; wait`, 300)).rejects.toThrow(
        /longer than 300 ms/,
      );
      const pid = Number(readFileSync(late, 'utf8'));
      const isGone = (): boolean => {
        try {
          return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
        } catch {
          return true;
        }
      };
      await expect.poll(isGone).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('hosts', () => {
  const servers: Server[] = [];
  let searches = 0;
  let records: MemoryRecords;
  let hosts: Hosts;

  const serve = async (): Promise<string> => {
    const server = createServer(({ url, headers }, response) => {
      if (headers.authorization !== 'Bearer key') return response.writeHead(401).end();
      const figures = [
        `queries_total ${searches}`,
        'memory_used_bytes 6',
        'memory_limit_bytes 10',
        'jobs{kind="import",state="waiting"} 120',
      ];
      const cluster = {
        nodes: [
          { name: 's1', alive: true, drained: false, live_bytes: 85, capacity_bytes: 100 },
          { name: 's2', alive: false, drained: false, live_bytes: 1, capacity_bytes: 100 },
          { name: 's3', alive: false, drained: true, live_bytes: 1, capacity_bytes: 100 },
        ],
        advice: [{ action: 'add' }],
      };
      return response.end(url === '/metrics' ? figures.join('\n') : JSON.stringify(cluster));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const beat = async (node: string, address: string): Promise<void> => {
    const lease = {
      role: 'query-node',
      address,
      zone: undefined,
      load: 0.9,
      version: '1',
      serves: 'all',
    } as const;
    await records.put(LEASE_KIND, node, valueOfLease(lease), 0);
  };

  beforeEach(() => {
    records = new MemoryRecords();
    const hooks = { up: 'true', down: undefined, count: 'echo 4', hookTimeoutMs: 5_000 };
    hosts = new Hosts({ ...hooks, leaseMs: 60_000, adminKey: 'key', records });
  });
  afterEach(async () => {
    await hosts.close();
    for (const server of servers.splice(0)) server.close();
  });

  test('are those with a lease; their pages say how they do, and those that do not answer are missed', async () => {
    await beat('a', await serve());
    await beat('b', await serve());
    // Nobody listens there.
    await beat('c', '127.0.0.1:1');
    await hosts.close();
    hosts = new Hosts({
      up: 'true',
      down: undefined,
      count: 'echo 4',
      hookTimeoutMs: 5_000,
      leaseMs: 60_000,
      adminKey: 'key',
      records,
    });
    expect(await hosts.sample('query_nodes')).toEqual({ running: 3, heard: 0, counted: 4 });
    searches = 50;
    const sample = await hosts.sample('query_nodes');
    expect(sample).toMatchObject({ running: 3, heard: 2, memory: 0.6 });
    expect(sample.qps).toBeGreaterThan(0);
    expect(await hosts.sample('workers')).toEqual({
      ...{ running: 4, heard: 4, counted: 4, queue: 120 },
    });
    expect(await hosts.sample('shard_nodes')).toEqual({
      // The silent one is there as well; the one that was drained and is gone is not.
      ...{ running: 2, heard: 1, counted: 4, isFull: true, memory: 0.85 },
    });
    const order: Order = { role: 'query_nodes', from: 3, to: 2, reason: '' };
    await expect(hosts.change(order)).rejects.toThrow('there is no command for it: DOWN');
  });
});
