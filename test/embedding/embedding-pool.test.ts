import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CostEstimate } from '../../src/embedding/cost-estimate.js';
import { readModelFolder, sessionOptions } from '../../src/embedding/model-folder.js';
import { EmbeddingPool, type PoolOptions } from '../../src/embedding/embedding-pool.js';
import type { TokenIds } from '../../src/embedding/token-ids.js';
import type { WorkerSetup } from '../../src/embedding/worker.js';
import { difference, tinyModel, withTempDir, WORKER_FILE, wrappedWorker } from './harness.js';

const { dir } = tinyModel('tiny-bert');
const { tokenizer } = await readModelFolder(dir, 'fp32');
const tokens = (text: string): TokenIds => tokenizer.encode(text);

/** A worker waits before each batch while the gate is shut. */
const GATED = 'Atomics.wait(setup.gate, 0, 0);';

class Gate {
  readonly cell = new Int32Array(new SharedArrayBuffer(4));
  open(): void {
    Atomics.store(this.cell, 0, 1);
    Atomics.notify(this.cell, 0);
  }
  shut(): void {
    Atomics.store(this.cell, 0, 0);
  }
}

async function openPool(
  options: Partial<PoolOptions> & { extra?: object } = {},
): Promise<EmbeddingPool> {
  const folder = await readModelFolder(dir, 'fp32');
  const { options: model } = await sessionOptions(folder);
  const setup: WorkerSetup = { model, sample: tokens('a'), ...options.extra };
  const { pool } = await EmbeddingPool.open({
    threads: 1,
    queueLimit: 100,
    maxWaitMs: 60_000,
    runTimeoutMs: 30_000,
    workerFile: WORKER_FILE,
    setup,
    ...options,
  });
  return pool;
}

/** Batches that have a fixed part of 60 ms, whatever the clock of this machine says. */
class SlowBatches extends CostEstimate {
  constructor() {
    super();
    for (const tokens of [8, 40, 16, 80, 8, 24]) super.observe(tokens, 60 + 0.1 * tokens);
  }
  override observe(): void {
    // What is known already.
  }
}

/** A pool whose one worker stands at a gate. */
async function withGatedPool(
  options: Partial<PoolOptions>,
  work: (pool: EmbeddingPool, gate: Gate) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const gate = new Gate();
    gate.open();
    const workerFile = await wrappedWorker(folder, GATED);
    const pool = await openPool({ ...options, workerFile, extra: { gate: gate.cell } });
    gate.shut();
    try {
      await work(pool, gate);
    } finally {
      gate.open();
      await pool.close(5_000);
    }
  });
}

describe('a full pool', () => {
  it('turns a query away at once and says when to come back', async () => {
    await withGatedPool({ queueLimit: 3 }, async (pool, gate) => {
      const running = pool.submit([tokens('one')]);
      const waiting = pool.submit(['two', 'three', 'four'].map(tokens));
      expect(pool.status().embeddingQueued).toBe(3);
      expect(pool.status()).toMatchObject({ productsQueued: 0, oldestProductMs: 0 });
      const products = pool.embedAll([tokens('product')]);
      expect(pool.status()).toMatchObject({ embeddingQueued: 4, productsQueued: 1 });
      expect(pool.status().oldestProductMs).toBeGreaterThan(0);
      expect(() => pool.submit([tokens('five')])).toThrow(
        expect.objectContaining({
          code: 'overloaded',
          retryAfterMs: expect.any(Number) as number,
        }) as Error,
      );
      gate.open();
      await Promise.all([...running, ...waiting].map(({ vector }) => vector));
      await pool.submit([tokens('five')])[0]!.vector;
      await products;
    });
  });

  it('takes all texts of a request or none', async () => {
    await withGatedPool({ queueLimit: 3 }, async (pool) => {
      const pending = pool
        .submit([tokens('one')])
        .concat(pool.submit(['two', 'three'].map(tokens)));
      expect(() => pool.submit(['four', 'five'].map(tokens))).toThrow('too many queries');
      expect(pool.status().embeddingQueued).toBe(2);
      expect(pending).toHaveLength(3);
    });
  });

  it('turns away what would wait too long behind others', async () => {
    await withGatedPool({ maxWaitMs: 0 }, async (pool) => {
      pool.submit([tokens('running')]);
      pool.submit([tokens('waiting')]);
      expect(() => pool.submit([tokens('too long')])).toThrow('too many queries');
    });
  });

  it('counts the batches that run, but takes what need not wait behind others', async () => {
    await withGatedPool({ maxWaitMs: 0 }, async (pool, gate) => {
      const [running] = pool.submit([tokens('running')]);
      const pending = pool.submit(['all', 'of', 'one', 'request'].map(tokens));
      expect(() => pool.submit([tokens('behind it')])).toThrow('too many queries');
      gate.open();
      await Promise.all([running!, ...pending].map(({ vector }) => vector));
      await pool.submit([tokens('behind nothing')])[0]!.vector;
    });
  });

  it('leaves room for other tenants, who wait for their share alone', async () => {
    await withGatedPool({ queueLimit: 40, cost: new SlowBatches() }, async (pool, gate) => {
      const running = pool.submit([tokens('running')], 'flood');
      const flood = pool.submit(
        Array.from({ length: 30 }, () => tokens('a lamp')),
        'flood',
      );
      expect(() => pool.submit([tokens('one more')], 'flood')).toThrow('too many queries');
      const order: string[] = [];
      const note = (who: string) => (): unknown => order.push(who);
      const [small] = pool.submit([tokens('a mouse that is of quite another length')], 'small');
      const all = [...running, ...flood].map(({ vector }) => vector);
      const done = Promise.all([
        small!.vector.then(note('small')),
        flood.at(-1)!.vector.then(note('flood')),
        ...all,
      ]);
      gate.open();
      await done;
      expect(order).toEqual(['small', 'flood']);
    });
  });

  it('forgets what nobody waits for any more', async () => {
    await withGatedPool({ queueLimit: 1 }, async (pool, gate) => {
      const [running] = pool.submit([tokens('one')]);
      const [waiting] = pool.submit([tokens('two')]);
      expect(pool.cancel(waiting!.job)).toBe(true);
      expect(pool.cancel(running!.job)).toBe(false);
      expect(pool.status().embeddingQueued).toBe(0);
      const [next] = pool.submit([tokens('three')]);
      gate.open();
      await Promise.all([running!.vector, next!.vector]);
    });
  });
});

describe('turns', () => {
  it('go to queries before products', async () => {
    await withGatedPool({}, async (pool, gate) => {
      const order: string[] = [];
      const note = (what: string) => (): unknown => order.push(what);
      const first = pool.submit([tokens('holds the worker')])[0]!.vector;
      const products = pool
        .embedAll(['a product', 'another product'].map(tokens))
        .then(note('products'));
      const query = pool.submit([tokens('a query')])[0]!.vector.then(note('query'));
      gate.open();
      await Promise.all([first, products, query]);
      expect(order).toEqual(['query', 'products']);
    });
  });

  it('give products their vectors in the order of the texts', async () => {
    const pool = await openPool({ threads: 2 });
    const texts = Array.from(
      { length: 200 },
      (_, i) => 'mouse lamp '.repeat((i * 7) % 30) + 'a'.repeat(i % 5),
    );
    const vectors = await pool.embedAll(texts.map(tokens));
    for (const i of [0, 1, 17, 99, 199]) {
      const [alone] = await pool.embedAll([tokens(texts[i]!)]);
      expect(difference(vectors[i]!, alone!)).toBeLessThanOrEqual(1e-5);
    }
    await pool.close(1_000);
  });
});

describe('batches', () => {
  /** A pool that stands at a gate, and counts batches by size. */
  async function withCountingPool(
    threads: number,
    work: (pool: EmbeddingPool, gate: Gate, batches: () => number[]) => Promise<void>,
  ): Promise<void> {
    await withTempDir(async (folder) => {
      const gate = new Gate();
      gate.open();
      const counts = new Int32Array(new SharedArrayBuffer(4 * 33));
      const workerFile = await wrappedWorker(
        folder,
        `Atomics.add(setup.counts, batch.lengths.length, 1); ${GATED}`,
      );
      const extra = { counts, gate: gate.cell };
      const pool = await openPool({ threads, workerFile, extra, cost: new SlowBatches() });
      counts.fill(0);
      gate.shut();
      const sizes = (): number[] =>
        [...counts].flatMap((count, size) => new Array<number>(count).fill(size));
      await work(pool, gate, sizes);
      await pool.close(5_000);
    });
  }

  it('share the texts of one request out among idle workers', async () => {
    await withCountingPool(2, async (pool, gate, batches) => {
      const pending = pool.submit(Array.from({ length: 14 }, () => tokens('one of many')));
      gate.open();
      await Promise.all(pending.map(({ vector }) => vector));
      expect(batches()).toEqual([7, 7]);
    });
  });

  it('do not shrink to one text where batches take longer than they should', async () => {
    await withCountingPool(1, async (pool, gate, batches) => {
      const pending = Array.from({ length: 9 }, () => pool.submit([tokens('one of many')])[0]!);
      gate.open();
      await Promise.all(pending.map(({ vector }) => vector));
      expect(batches()).toEqual([1, 4, 4]);
    });
  });
});

describe('texts of products', () => {
  it('are made by the workers, in order', async () => {
    const pool = await openPool({ threads: 2 });
    const products = Array.from({ length: 100 }, (_, i) => ({
      ...{ title: `mouse ${i}`, brand: '', category: 'Mice' },
      description: `<p>number <b>${i}</b></p>`,
    }));
    const texts = await pool.textsOf(products);
    expect(texts).toEqual(products.map((_, i) => `mouse ${i} Mice number ${i}`));
    await pool.close(1_000);
  });

  it('wait behind queries, and fail when the pool closes', async () => {
    await withGatedPool({}, async (pool, gate) => {
      const [query] = pool.submit([tokens('holds the worker')]);
      const texts = pool.textsOf([{ title: 'a', brand: '', category: '', description: '' }]);
      const failed = expect(texts).rejects.toMatchObject({ code: 'unavailable' });
      const closed = pool.close(5_000);
      await failed;
      gate.open();
      await Promise.all([closed, query!.vector]);
    });
  });
});

describe('a worker that dies', () => {
  it('is replaced, and its texts are embedded by the next', async () => {
    await withTempDir(async (folder) => {
      const marker = JSON.stringify(join(folder, 'died'));
      const [mark] = tokens('camera').slice(1);
      const workerFile = await wrappedWorker(
        folder,
        `if (batch.ids.includes(${mark!}) && !existsSync(${marker})) { writeFileSync(${marker}, ''); process.exit(9); }`,
      );
      const pool = await openPool({ workerFile });
      const pending = pool.submit(['mouse', 'camera', 'lamp'].map(tokens));
      expect(await Promise.all(pending.map(({ vector }) => vector))).toHaveLength(3);
      await pool.close(1_000);
    });
  });

  it('takes only the text that kills it, once a second one has died of it', async () => {
    await withTempDir(async (folder) => {
      const [mark] = tokens('camera').slice(1);
      const workerFile = await wrappedWorker(
        folder,
        `if (batch.ids.includes(${mark!})) process.exit(9);`,
      );
      const pool = await openPool({ workerFile });
      const pending = pool.submit(['mouse', 'camera', 'lamp'].map(tokens));
      const results = await Promise.allSettled(pending.map(({ vector }) => vector));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(results[1]).toMatchObject({ reason: { code: 'unavailable' } });
      expect(await pool.submit([tokens('still there')])[0]!.vector).toBeInstanceOf(Float32Array);
      await pool.close(1_000);
    });
  });

  it('counts as dead when it is silent for too long', async () => {
    await withTempDir(async (folder) => {
      const marker = JSON.stringify(join(folder, 'hung'));
      const [mark] = tokens('camera').slice(1);
      const workerFile = await wrappedWorker(
        folder,
        `if (batch.ids.includes(${mark!}) && !existsSync(${marker})) { writeFileSync(${marker}, ''); for (;;); }`,
      );
      const pool = await openPool({ workerFile, runTimeoutMs: 2_000 });
      expect(await pool.submit([tokens('camera')])[0]!.vector).toBeInstanceOf(Float32Array);
      await pool.close(1_000);
    });
  });
});

describe('closing', () => {
  it('lets queries finish, fails products that have not started, leaves no thread', async () => {
    await withTempDir(async (folder) => {
      const gate = new Gate();
      gate.open();
      const threadsBefore = await threadCount();
      const workerFile = await wrappedWorker(folder, GATED);
      const pool = await openPool({ workerFile, extra: { gate: gate.cell } });
      gate.shut();
      const pending = pool.submit([tokens('one')]).concat(pool.submit([tokens('two')]));
      const products = pool.embedAll([tokens('a product')]);
      const failed = expect(products).rejects.toMatchObject({ code: 'unavailable' });
      const closed = pool.close(20_000);
      await failed;
      gate.open();
      await closed;
      expect(await Promise.all(pending.map(({ vector }) => vector))).toHaveLength(2);
      expect(() => pool.submit([tokens('three')])).toThrow('stopping');
      // Fewer where one that an earlier test replaced was still ending before.
      expect((await threadCount()) ?? 0).toBeLessThanOrEqual(threadsBefore ?? 0);
    });
  });

  it('does not wait longer than it may', async () => {
    await withGatedPool({}, async (pool) => {
      const pending = pool.submit([tokens('running')]).concat(pool.submit([tokens('waiting')]));
      const results = Promise.allSettled(pending.map(({ vector }) => vector));
      await pool.close(10);
      expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    });
  });
});

describe('a model that cannot be loaded', () => {
  it('is reported by what the runtime says of it', async () => {
    const folder = await readModelFolder(dir, 'fp32');
    const { options: model } = await sessionOptions(folder);
    const setup = { model: { ...model, modelFile: join(dir, 'config.json') }, sample: tokens('a') };
    await expect(openPool({ setup })).rejects.toThrow('config.json');
  });
});

/** Threads of this process, where the system says. */
async function threadCount(): Promise<number | undefined> {
  const threads = await readdir('/proc/self/task').catch(() => undefined);
  return threads?.length;
}
