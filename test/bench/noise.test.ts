import { describe, expect, it } from 'vitest';
import { judgeNoise, NoiseMeter, type NoiseSample } from '../../bench/load/noise.js';

const QUIET: NoiseSample = {
  jitter_p50_us: 20,
  jitter_p99_us: 300,
  foreign_cpu: 0.02,
  stolen_cpu: 0,
  own_cpu: 0.3,
};

describe('the noise meter', () => {
  it('trusts a quiet machine', () => {
    expect(judgeNoise(QUIET, 2)).toEqual({ ...QUIET, noisy: false, reasons: [] });
  });

  it('names foreign CPU, a greedy hypervisor and a delayed timer', () => {
    const judge = (change: Partial<NoiseSample>): string[] =>
      judgeNoise({ ...QUIET, ...change }, 2).reasons;
    expect(judge({ foreign_cpu: 0.25 })).toEqual(['others used 0.50 cores']);
    expect(judge({ stolen_cpu: 0.1 })).toEqual(['the hypervisor took 10 % of the CPU']);
    expect(judge({ jitter_p99_us: 4000 })).toEqual(['a busy timer was held up 4000 µs at p99']);
  });

  it('does not blame others for the load of the bench itself', () => {
    expect(judgeNoise({ ...QUIET, own_cpu: 0.95, jitter_p99_us: 8000 }, 2).noisy).toBe(false);
  });

  it('measures shares that make sense, and ends its thread', async () => {
    const meter = new NoiseMeter();
    const lap = await meter.lap();
    await meter.close();
    for (const share of [lap.foreign_cpu, lap.stolen_cpu]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1.01);
    }
  });
});
