import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CostEstimate } from '../../src/embedding/cost-estimate.js';
import { createJob, type EmbeddingJob } from '../../src/embedding/embedding-job.js';
import { JobQueue } from '../../src/embedding/job-queue.js';

const jobOf = (length: number, tenant = 'a'): EmbeddingJob =>
  createJob(tenant, new Array<number>(length).fill(1)).job;

describe('the queue', () => {
  it('hands out every job once, the longest-waiting first, in batches of similar length', () => {
    const lengths = fc.array(fc.integer({ min: 2, max: 77 }), { maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 16 }), (sizes, limit) => {
        const queue = new JobQueue();
        const waiting = sizes.map((length) => jobOf(length));
        queue.push(waiting);
        while (waiting.length > 0) {
          expect(queue.size).toBe(waiting.length);
          expect(queue.tokens).toBe(waiting.reduce((sum, job) => sum + job.tokens.length, 0));
          const batch = queue.take(limit);
          expect(batch[0]).toBe(waiting[0]);
          expect(batch.length).toBeLessThanOrEqual(limit);
          const head = waiting[0]!.tokens.length;
          for (const job of batch) {
            expect(Math.abs(job.tokens.length - head)).toBeLessThanOrEqual(Math.max(3, head / 4));
            waiting.splice(waiting.indexOf(job), 1);
          }
        }
        expect(queue.take(limit)).toEqual([]);
        expect(queue.tokens).toBe(0);
      }),
    );
  });

  it('hands out a job that failed before first and alone', () => {
    const queue = new JobQueue();
    queue.push([jobOf(5), jobOf(5)]);
    const failed = jobOf(5);
    failed.failures = 1;
    queue.pushFront(failed);
    expect(queue.take(10)).toEqual([failed]);
    expect(queue.take(10)).toHaveLength(2);
  });

  it('gives tenants turns by what they use: one that floods waits for itself', () => {
    const queue = new JobQueue();
    const flood = Array.from({ length: 40 }, () => jobOf(30, 'flood'));
    queue.push(flood);
    queue.take(4);
    const small = jobOf(8, 'small');
    queue.push([small]);
    // Its own, and as many of the other's, of more than a thousand.
    expect(queue.tokensAhead('small', 8)).toBe(24);
    expect(queue.take(4)[0]).toBe(small);
    expect(queue.take(100)).toEqual(flood.slice(4));
    expect(queue.size).toBe(0);
  });

  it('takes jobs of other tenants along that are as long', () => {
    const queue = new JobQueue();
    queue.push([jobOf(8, 'a'), jobOf(20, 'a'), jobOf(8, 'b'), jobOf(9, 'c')]);
    expect(queue.take(10).map((job) => job.tenant)).toEqual(['a', 'b', 'c']);
    expect(queue.tokens).toBe(20);
  });

  it('lets a job be taken back once', () => {
    const queue = new JobQueue();
    const job = jobOf(4);
    queue.push([job]);
    expect(queue.remove(job)).toBe(true);
    expect(queue.remove(job)).toBe(false);
    expect(queue.headLength).toBe(0);
  });
});

describe('the cost estimate', () => {
  it('finds the fixed part and the part of each token', () => {
    const cost = new CostEstimate();
    for (const tokens of [8, 40, 16, 80, 8, 24]) cost.observe(tokens, 5 + 0.7 * tokens);
    expect(cost.predictMs(100)).toBeCloseTo(75, 5);
    expect(cost.textsWithin(50, 8)).toBe(8);
    expect(cost.textsWithin(1, 8)).toBe(1);
  });

  it('counts the fixed part once for each batch of a queue', () => {
    const cost = new CostEstimate();
    for (const tokens of [8, 40, 16, 80, 8, 24]) cost.observe(tokens, 5 + 0.5 * tokens);
    expect(cost.predictQueueMs(200, 5)).toBeCloseTo(125, 5);
    expect(cost.predictQueueMs(0, 0)).toBeCloseTo(0, 5);
  });

  it('knows how many texts make the fixed part of a batch small', () => {
    const cost = new CostEstimate();
    for (const tokens of [8, 40, 16, 80, 8, 24]) cost.observe(tokens, 8 + 0.5 * tokens);
    // 8 ms in front of 4 ms a text: beside eight texts a fifth of the batch.
    expect(cost.thriftyTexts(8)).toBe(8);
    expect(cost.thriftyTexts(800)).toBe(1);
    expect(new CostEstimate().thriftyTexts(8)).toBe(1);
  });

  it('blames the tokens when all batches were of one size', () => {
    const cost = new CostEstimate();
    for (let i = 0; i < 5; i++) cost.observe(8, 12);
    expect(cost.predictMs(16)).toBeCloseTo(24, 5);
  });

  it('goes on knowing the fixed part while all batches are of one size', () => {
    const cost = new CostEstimate();
    for (const tokens of [8, 40, 16, 80, 8, 24]) cost.observe(tokens, 5 + 0.5 * tokens);
    for (let i = 0; i < 200; i++) cost.observe(10, 20);
    expect(cost.predictMs(10)).toBeCloseTo(20, 3);
    expect(cost.thriftyTexts(10)).toBeGreaterThan(1);
  });

  it('is not led astray by one batch that loaded the model first', () => {
    const cost = new CostEstimate();
    for (let i = 0; i < 10; i++) cost.observe(8, 12);
    cost.observe(8, 3_000);
    expect(cost.predictMs(8)).toBeLessThan(24);
  });

  it('never predicts a negative time, whatever was measured', () => {
    const measured = fc.tuple(
      fc.integer({ min: 1, max: 2_464 }),
      fc.double({ min: 0.01, max: 500, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(measured, { minLength: 1, maxLength: 30 }), (batches) => {
        const cost = new CostEstimate();
        for (const [tokens, ms] of batches) cost.observe(tokens, ms);
        for (const tokens of [1, 8, 2_464]) {
          expect(cost.predictMs(tokens)).toBeGreaterThanOrEqual(-1e-9);
          expect(cost.textsWithin(15, tokens)).toBeGreaterThanOrEqual(1);
          expect(cost.thriftyTexts(tokens)).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });

  it('serves tenants by their weights while both wait', () => {
    const weight = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(weight, weight, (ofA, ofB) => {
        const queue = new JobQueue((tenant) => (tenant === 'a' ? ofA : ofB));
        queue.push(Array.from({ length: 200 }, (_, i) => jobOf(5, i % 2 === 0 ? 'a' : 'b')));
        const taken = { a: 0, b: 0 };
        while (queue.sizeOf('a') > 0 && queue.sizeOf('b') > 0) {
          for (const { tenant } of queue.take(1)) taken[tenant as 'a' | 'b'] += 1;
        }
        expect(Math.abs(taken.a / ofA - taken.b / ofB)).toBeLessThanOrEqual(1 / ofA + 1 / ofB);
      }),
    );
  });
});
