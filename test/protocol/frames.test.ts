import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader, type Frame } from '../../src/protocol/frames.js';
import { decodePartitions, encodePartitions } from '../../src/protocol/partition-list.js';
import { bytesVector, vectorBytes } from '../../src/query/leaf-query.js';

const frame = fc.record({
  request: fc.integer({ min: 0, max: 0xffffffff }),
  message: fc.record({
    type: fc.constant('nudge' as const),
    tenant: fc.string({ maxLength: 200 }),
  }),
});

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (frames, sizes) => {
        const bytes = Buffer.concat(frames.map((f) => encodeFrame(f.request, f.message)));
        const reader = new FrameReader();
        const got: Frame[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] as number;
          got.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(got).toEqual(frames);
      },
    ),
  );
});

test('a frame that no peer of ours would send is refused', () => {
  const tooLong = Buffer.alloc(8);
  tooLong.writeUInt32LE(0xffffffff, 0);
  expect(() => new FrameReader().push(tooLong)).toThrow(/frame of/);
  expect(() => new FrameReader().push(Buffer.alloc(8))).toThrow(/frame of/);
});

test('partitions and vectors survive the trip', () => {
  const partitions = [
    { id: 'a1-0-100000000', epoch: 1 },
    { id: 'b2-0-80000000', epoch: 12 },
  ];
  expect(decodePartitions(encodePartitions(partitions))).toEqual(partitions);
  expect(decodePartitions('')).toEqual([]);
  const vector = Float32Array.from([1, -2.5, 3e-8]);
  const shifted = Buffer.concat([Buffer.from([0]), vectorBytes(vector)]).subarray(1);
  expect(bytesVector(shifted)).toEqual(vector);
});
