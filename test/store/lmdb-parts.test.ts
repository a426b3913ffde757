import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../src/core/ids.js';
import {
  sequenceKey,
  sequenceOf,
  tenantEnd,
  tenantKey,
  textKey,
  timeKey,
  timeKeyParts,
} from '../../src/store/lmdb/keys.js';
import { decodePosition, encodeMark, positionCovers } from '../../src/store/position.js';
import { CRC_BYTES } from '../../src/store/lmdb/table.js';
import * as values from '../../src/store/lmdb/values.js';
import { WriteQueue } from '../../src/store/lmdb/write-queue.js';

const tenant = fc.stringMatching(/^[a-z0-9_-]{1,64}$/);
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
const sequence = fc.maxSafeNat();

describe('keys', () => {
  it('order texts by bytes within a tenant, and keep tenants apart', () => {
    fc.assert(
      fc.property(tenant, text, tenant, text, (t1, x1, t2, x2) => {
        const order = Math.sign(Buffer.compare(textKey(t1, x1), textKey(t2, x2)));
        if (t1 === t2) expect(order).toBe(Math.sign(compareBytes(x1, x2)));
        const key = textKey(t1, x1);
        const inside = (t: string) =>
          Buffer.compare(key, tenantKey(t)) >= 0 && Buffer.compare(key, tenantEnd(t)) < 0;
        expect(inside(t1)).toBe(true);
        expect(inside(t2)).toBe(t1 === t2);
      }),
    );
  });

  it('stay short and apart for texts of any length', () => {
    const texts = [999, 1000, 1001, 1016, 1017, 100_000].map((n) => 'x'.repeat(n));
    texts.push(`${'x'.repeat(100_000)}y`, `y${'x'.repeat(5000)}`);
    const keys = texts.map((x) => textKey('t'.repeat(64), x));
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(1978);
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(texts.length);
  });

  it('order sequences and times as numbers', () => {
    fc.assert(
      fc.property(tenant, sequence, sequence, (t, a, b) => {
        expect(sequenceOf(sequenceKey(t, a))).toBe(a);
        const order = Math.sign(Buffer.compare(sequenceKey(t, a), sequenceKey(t, b)));
        expect(order).toBe(Math.sign(a - b));
        expect(timeKeyParts(timeKey(b, t, a))).toEqual({ tenant: t, sequence: a });
      }),
    );
  });

  it('refuse a tenant that would open the keys of another', () => {
    expect(() => textKey('a\u0000b', 'x')).toThrow('tenant');
    expect(() => tenantKey('')).toThrow('tenant');
  });
});

describe('values', () => {
  it('come back as they went in', () => {
    const head = fc.record({
      version: sequence,
      feedVersion: fc.option(fc.maxSafeInteger(), { nil: undefined }),
      deleted: fc.boolean(),
      contentHash: text,
      embedHash: text,
      category: text,
      writtenAtMs: sequence,
      documentBytes: fc.nat(),
      vectorBytes: fc.nat(),
      prices: fc.uint8Array({ maxLength: 40 }),
      contentVersion: sequence,
      imported: fc.option(sequence, { nil: undefined }),
    });
    // What is gone has no content; it may be in the archive.
    const archived = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
    fc.assert(
      fc.property(head, text, archived, (any, id, archive) => {
        const gone = { contentHash: '', ...(archive === undefined ? {} : { archive }) };
        const h = any.deleted ? { ...any, ...gone } : any;
        expect(values.decodeHead(values.encodeHead(h))).toEqual(h);
        expect(values.decodePrices(values.encodeHead(h))).toEqual(h.prices);
        const entry = { id, category: h.category, deleted: h.deleted, bytes: h.documentBytes };
        expect(values.decodeFeedRecord(values.encodeFeedRecord(entry))).toEqual(entry);
      }),
    );
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1 }), text, (vector, model) => {
        const bytes = values.encodeVectors(model, { text: vector });
        expect(values.decodeVectors(bytes)).toEqual({
          model,
          vectors: { text: vector },
        });
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), sequence, (rest, version) => {
        const product = JSON.parse(
          JSON.stringify({ ...rest, id: 'a', title: 't', category: 'c' }),
        ) as {
          id: string;
          title: string;
          category: string;
        };
        const bytes = values.stampDocument(values.encodeDocument(product), version);
        const document = values.decodeDocument(bytes.bytes.subarray(0, -CRC_BYTES));
        expect([document.version, document.product]).toEqual([version, product]);
      }),
    );
  });
});

describe('positions', () => {
  it('that are not understood cover nothing', () => {
    expect(decodePosition(new Uint8Array(0))).toBeUndefined();
    expect(decodePosition(new Uint8Array(17).fill(2))).toBeUndefined();
    expect(positionCovers(new Uint8Array(3), encodeMark(0))).toBe(false);
    expect(positionCovers(undefined, new Uint8Array(9))).toBe(false);
    expect(positionCovers(undefined, encodeMark(0))).toBe(true);
  });
});

describe('the write queue', () => {
  it('commits together what waits, up to its size, and refuses what is too much', async () => {
    const commits: number[][] = [];
    let commit: (() => void) | undefined;
    let running: number[] = [];
    const transact = async <R>(action: () => R): Promise<R> => {
      if (running.length === 0) {
        commits.push(running);
        queueMicrotask(() => (running = []));
      }
      const result = action();
      running.push(result as number);
      await new Promise<void>((resolve) => {
        const before = commit;
        commit = () => {
          before?.();
          resolve();
        };
      });
      return result;
    };
    const limits = { batchBytes: 10, waitingBytes: 20 };
    const queue = new WriteQueue(transact, (commit) => commit(), limits);
    const sizes = [4, 4, 4, 15, 2];
    const added = sizes.map((size, i) => queue.add(size, () => i));
    await expect(added[3]).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 1000 });
    const drained = queue.drained();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      commit?.();
      commit = undefined;
    }
    await drained;
    expect(await Promise.all([added[0], added[1], added[2], added[4]])).toEqual([0, 1, 2, 4]);
    expect(commits).toEqual([
      [0, 1],
      [2, 4],
    ]);
    // Alone, anything fits.
    const large = queue.add(1000, () => 9);
    await new Promise((resolve) => setImmediate(resolve));
    commit?.();
    expect(await large).toBe(9);
  });
});
