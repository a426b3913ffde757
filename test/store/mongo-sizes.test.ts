import { BSON } from 'mongodb';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/product.js';
import { planId, type NextState } from '../../src/store/mongo/plan.js';
import { prepareWrite } from '../../src/store/mongo/prepare.js';
import { productOperation } from '../../src/store/mongo/product-operation.js';
import type { PutProduct } from '../../src/store/store.js';
import { put } from './contract/writes.js';

const MEBIBYTE = 1024 * 1024;
const MAX_DOCUMENT_BYTES = 16 * MEBIBYTE;

/** A product with attributes whose names have `nameBytes` each. */
function withAttributes(count: number, nameBytes: number): PutProduct {
  const attributes: JsonObject = {};
  for (let i = 0; i < count; i++) attributes[String(i).padStart(nameBytes, '0')] = 1;
  return put('p', { rest: { attributes } });
}

/** The size of the operation that stores it, which is a little more than its document's. */
function storedBytes(write: PutProduct): number {
  const plan = planId('p', [prepareWrite(write)], [0], undefined);
  const operation = productOperation('shop', plan, plan.after as NextState, 1, 0);
  return BSON.calculateObjectSize(operation);
}

describe('what a MongoDB document holds', () => {
  it.each([
    ['short names', 64],
    ['names of a kilobyte', 1024],
  ])(
    'whatever is not refused fits: %s',
    (_, nameBytes) => {
      const tooLarge = expect.objectContaining({ code: 'too_large' }) as Error;
      let fits = 1;
      let refused = Math.ceil(MAX_DOCUMENT_BYTES / nameBytes);
      expect(() => prepareWrite(withAttributes(refused, nameBytes))).toThrow(tooLarge);
      while (refused / fits > 1.05) {
        const middle = Math.ceil((fits + refused) / 2);
        try {
          prepareWrite(withAttributes(middle, nameBytes));
          fits = middle;
        } catch {
          refused = middle;
        }
      }
      expect(storedBytes(withAttributes(fits, nameBytes))).toBeLessThan(MAX_DOCUMENT_BYTES);
    },
    30_000,
  );

  it('texts are counted as bytes', () => {
    const title = '\u20ac'.repeat(MEBIBYTE);
    expect(prepareWrite(put('p', { title })).bytes).toBeGreaterThan(3 * MEBIBYTE);
    const plan = planId('p', [prepareWrite(put('p', { title }))], [0], undefined);
    expect(plan.after?.bytes).toBeGreaterThan(3 * MEBIBYTE);
  });
});
