import { describe, expect, it } from 'vitest';
import { selfTimes, type Profile, type ProfileNode } from '../../bench/floor/profile.js';
import { StationTimes } from '../../bench/floor/stations.js';
import { perRole, sumUp } from '../../bench/floor/sum-up.js';

/** A module for each function's name, as source maps would tell. */
const MODULES: Record<string, string> = {
  route: 'src/http/search-routes.ts',
  plan: 'src/search/plan.ts',
  read: 'src/store/lmdb/page.ts',
  unpack: 'msgpackr/unpack.js',
  frame: 'src/protocol/frames.ts',
  onRead: 'node:internal/stream_base_commons',
  helper: 'src/core/slices.ts',
  wait: 'piscina/dist/worker.js',
  width: 'src/shard/engine/usearch.ts',
};
const moduleOf = ({ functionName }: { functionName: string }) => MODULES[functionName] ?? '';

function node(id: number, functionName: string, children: number[] = []): ProfileNode {
  const callFrame = { functionName, url: '', lineNumber: 0, columnNumber: 0 };
  return { id, callFrame, children };
}

/** Each sample lasts 100 µs. */
function profileOf(nodes: ProfileNode[], samples: number[]): Profile {
  return { nodes, samples, timeDeltas: Array.from({ length: samples.length + 1 }, () => 100) };
}

describe('a profile by stations', () => {
  const nodes = [
    node(1, '(root)', [2, 7, 9, 10, 11, 12]),
    node(2, 'route', [3]),
    node(3, 'plan', [4, 6]),
    node(4, 'read', [5]),
    node(5, 'unpack'),
    node(6, 'helper'),
    node(7, 'onRead', [8]),
    node(8, 'frame', [13]),
    node(9, '(idle)'),
    node(10, '(garbage collector)'),
    node(11, '(program)'),
    node(12, 'helper'),
    node(13, 'unpack'),
  ];

  it('counts a function where it belongs, and what serves many where its caller does', () => {
    const times = new StationTimes();
    const added = times.add(profileOf(nodes, [2, 3, 4, 5, 6, 7, 8, 13, 9, 10, 11, 12]), moduleOf);
    expect(added).toBe(1100);
    expect(times.timeOf('HTTP and Fastify')).toBe(100);
    expect(times.timeOf('placement, plan, merge')).toBe(200);
    expect(times.timeOf('the store')).toBe(200);
    expect(times.timeOf("the shard's connection")).toBe(300);
    expect(times.timeOf('garbage collector')).toBe(100);
    expect(times.timeOf('event loop, native')).toBe(100);
    expect(times.timeOf('others')).toBe(100);
  });

  it('counts native code as its caller, and a worker that waits as nobody', () => {
    const native = [
      node(1, '(root)', [2, 4]),
      node(2, 'width', [3]),
      node(3, 'search'),
      node(4, 'wait'),
    ];
    const times = new StationTimes();
    expect(times.add(profileOf(native, [2, 3, 3, 4, 4, 4]), moduleOf)).toBe(300);
    expect(times.timeOf("the graph's search")).toBe(300);
    expect(times.dearest("the graph's search", 1)).toEqual([{ name: 'search', us: 200 }]);
  });

  it('does not count that a thread waited for a core', () => {
    const samples = [2, 3, 2, 2];
    const profile = { ...profileOf(nodes, samples), timeDeltas: [0, 100, 9000, 100, 100] };
    const times = selfTimes(profile);
    expect(times.get(2)).toBe(300);
    expect(times.get(3)).toBe(200);
  });

  it('sums up to one search, and names what is above a tenth', () => {
    const times = perRole(() => new StationTimes());
    times['query node'].add(profileOf(nodes, [...Array<number>(16).fill(2), 3]), moduleOf);
    times.shards.put("the graph's search", 'search', 300);
    const wholeUs = { 'query node': 800, shards: 200 };
    const ledger = sumUp({ search: 'all', searches: 2, times, wholeUs, unprofiledUs: wholeUs });
    expect(ledger.sum_us).toEqual({ 'query node': 850, shards: 150 });
    expect(ledger.explained).toBe(1);
    expect(ledger.named.map(({ station, share }) => [station, share])).toEqual([
      ['HTTP and Fastify', 0.8],
      ["the graph's search", 0.15],
    ]);
  });
});
