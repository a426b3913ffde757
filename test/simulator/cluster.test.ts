import { describe, expect, it } from 'vitest';
import { Random } from '../../bench/lib/random.js';
import { SimulatedCluster } from '../../bench/simulator/cluster.js';
import { placeTenants } from '../../bench/simulator/place-tenants.js';
import { runPhases, type Phase, type PhaseResult } from '../../bench/simulator/run-phases.js';
import { sitesOf } from '../../bench/simulator/scenario.js';
import type { RequestTimes, ServiceTimes } from '../../bench/simulator/service-times.js';
import { Shoppers } from '../../bench/simulator/shoppers.js';
import { tenantMix } from '../../bench/simulator/tenant-mix.js';

/** About a millisecond in a shard. */
function times(): ServiceTimes {
  const random = new Random(5);
  const asked = (): RequestTimes[] => [[0.6 + 0.8 * random.next(), 0.3]];
  const searches = Array.from({ length: 500 }, () => ({
    requests: { words: asked(), choose: asked(), search: asked() },
    ...{ ownMs: 1 + 0.5 * random.next(), embeddingMs: 0 },
  }));
  return { rowsPerShard: 10_000, shardBusyShare: 0.9, queryBusyShare: 0.5, searches };
}

interface Setting {
  phases: readonly Phase[];
  hedging?: boolean;
  seed?: number;
}

/** Twelve shard processes on six hosts in three zones, three copies of each part. */
async function run({ phases, hedging = true, seed = 1 }: Setting) {
  const sites = sitesOf({ nodes: 12, nodesPerHost: 2, zones: 3 });
  const shops = tenantMix({ tenants: 12, products: 2_000_000, categories: 8 });
  const store = await placeTenants(shops, sites, 3);
  const shoppers = await Shoppers.of(shops, store, { categoryShare: 0.5, seed });
  const cluster = new SimulatedCluster({
    ...{ times: times(), sites, hedging, seed, cores: 2 },
    ...{ queryHosts: ['q1', 'q1', 'q2', 'q2'], rowsOf: shoppers.rowsOf },
  });
  const warm = { name: 'warming up', seconds: 1 };
  const load = { rate: 300, next: shoppers.next, seed };
  const ended = await runPhases(cluster, [warm, ...phases], load);
  return { cluster, ended, phases: ended.phases.slice(1) as [PhaseResult, ...PhaseResult[]] };
}

describe('a simulated cluster', () => {
  it('answers every search whole at rest, and spreads them over the copies', async () => {
    const { phases } = await run({ phases: [{ name: 'quiet', seconds: 2 }] });
    const [quiet] = phases;
    expect(quiet.searches).toBeGreaterThan(500);
    expect([quiet.failed, quiet.partial]).toEqual([0, 0]);
    expect(quiet.answered.every((count) => count > 0)).toBe(true);
    expect(quiet.imbalance).toBeLessThan(1.5);
  });

  it('is the same for the same seed, and another for another', async () => {
    const phases = [{ name: 'quiet', seconds: 1 }];
    const [one, again, other] = [
      await run({ phases }),
      await run({ phases }),
      await run({ phases, seed: 2 }),
    ];
    expect(again.ended).toEqual(one.ended);
    expect(other.ended).not.toEqual(one.ended);
  });

  it('has half the p99 by hedging where each process stands still for 4 % of the time', async () => {
    const stutter = ({ clock, shards }: SimulatedCluster): void => {
      [...shards.values()].forEach((shard, i) => {
        for (let atMs = i * 80; atMs < 4_000; atMs += 1_000) {
          clock.after(atMs, () => shard.hang());
          clock.after(atMs + 40, () => shard.goOn());
        }
      });
    };
    const phases = [{ name: 'stutter', seconds: 4, begin: stutter }];
    const [{ phases: hedged }, { phases: alone }] = [
      await run({ phases }),
      await run({ phases, hedging: false }),
    ];
    expect(alone[0].hedgeShare).toBe(0);
    expect(hedged[0].hedgeShare).toBeLessThan(0.08);
    expect(hedged[0].latency.p99_ms).toBeLessThan(alone[0].latency.p99_ms / 2);
  });

  it('leaves a node alone that hangs, and comes back to it', async () => {
    const { phases, cluster } = await run({
      phases: [
        {
          name: 'hangs',
          seconds: 2,
          begin: (each) => each.shards.get('s1')?.hang(),
          end: (each) => each.shards.get('s1')?.goOn(),
        },
        { name: 'is back', seconds: 6 },
      ],
    });
    const [hung, back] = phases as [PhaseResult, PhaseResult];
    expect([hung.failed, hung.partial, hung.answered[0]]).toEqual([0, 0, 0]);
    expect(hung.latency.max_ms).toBeLessThan(400);
    expect(hung.latency.p99_ms).toBeLessThan(60);
    expect(back.answered[0]).toBeGreaterThan(0);
    const states = cluster.queryNodes.flatMap(({ calls }) => calls.nodeStates());
    expect(states.filter(({ outstanding }) => outstanding !== 0)).toEqual([]);
  });

  it.each(['kill', 'hang'] as const)(
    'misses nothing when a zone is lost (%s): each part has a copy in every zone',
    async (how) => {
      const { phases } = await run({
        phases: [
          {
            name: 'a zone lost',
            seconds: 3,
            begin: (each) => {
              for (const shard of each.shardsOf(({ zone }) => zone === 'z1')) shard[how]();
            },
          },
        ],
      });
      const [lost] = phases;
      expect([lost.failed, lost.partial]).toEqual([0, 0]);
      expect(lost.answered.filter((count) => count === 0)).toHaveLength(4);
    },
  );

  it('says what is missing when all copies of a part are gone', async () => {
    const { phases } = await run({
      phases: [
        {
          name: 'all gone',
          seconds: 1,
          begin: (each) => {
            for (const shard of each.shards.values()) shard.kill();
          },
        },
      ],
    });
    const [gone] = phases;
    expect(gone.failed).toBeGreaterThan(0.9 * gone.searches);
  });
});
