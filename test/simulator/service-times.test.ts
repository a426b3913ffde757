import { describe, expect, it } from 'vitest';
import { Random } from '../../bench/lib/random.js';
import { timesOf, type Stretch } from '../../bench/simulator/measure-times.js';
import { ServiceDraw, type ServiceTimes } from '../../bench/simulator/service-times.js';

const SEARCH = { words: [], choose: [], search: [[2, 1] as const] };

/** Two searches: of the second, words had to be counted. */
const STRETCH: Stretch = {
  searches: [
    { requests: SEARCH, ownMs: 3, embeddingMs: 0, wordsMs: 0.2, areKnown: true },
    { requests: SEARCH, ownMs: 3, embeddingMs: 1, wordsMs: 2.2, areKnown: false },
  ],
  ...{ shardsBusyMs: 3, queryNodesBusyMs: 4 },
};

describe('measured times', () => {
  it('give each part of a search to who took it, and lose none', () => {
    const { searches, shardBusyShare, queryBusyShare } = timesOf([STRETCH], 100);
    const [first, second] = searches;
    expect(first).toEqual({ requests: SEARCH, ownMs: 3, embeddingMs: 0 });
    // 2.2 ms are 0.2 that it takes anyhow, 1 there and back, and 1 in the shard.
    const [[inShardMs, wayMs] = [NaN, NaN]] = second?.requests.words ?? [];
    expect(inShardMs).toBeCloseTo(1, 9);
    expect(wayMs).toBe(1);
    expect(second?.ownMs).toBeCloseTo(3.2, 9);
    // 3 ms of 2 + 2 of the searches and 1 + 1 of the words, which each of two parts was asked for.
    expect(shardBusyShare).toBeCloseTo(3 / 6, 9);
    expect(queryBusyShare).toBeCloseTo((4 - 1) / (3 + 3.2), 9);
  });
});

describe('drawn times', () => {
  const times: ServiceTimes = {
    ...{ rowsPerShard: 10_000, shardBusyShare: 0.5, queryBusyShare: 0.25 },
    searches: [{ requests: { ...SEARCH, words: [[4, 1]] }, ownMs: 2, embeddingMs: 0 }],
  };
  const draw = new ServiceDraw(times, new Random(1));
  const [one] = times.searches;

  it('are what was measured, on as many rows', () => {
    if (one === undefined) throw new Error('one was measured');
    expect(draw.next()).toBe(one);
    expect(draw.own(one)).toEqual({ cpuMs: 0.5, waitMs: 1.5 });
    expect(draw.requests(one, 'search')(10_000)).toEqual({ cpuMs: 1, waitMs: 2 });
  });

  it('grow with the logarithm of the rows', () => {
    if (one === undefined) throw new Error('one was measured');
    const { cpuMs } = draw.requests(one, 'search')(100_000_000);
    expect(cpuMs).toBeCloseTo(2, 9);
  });

  it('of a stage that a search did not need are those of one that did', () => {
    const known = { requests: SEARCH, ownMs: 1, embeddingMs: 0 };
    expect(draw.requests(known, 'words')(10_000).cpuMs).toBe(2);
  });
});
