import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../src/core/crc32c.js';

/** Bit by bit, as the polynomial is written. */
function slow(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

test('a checksum is that of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('a checksum of parts is that of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (a, b) => {
      const whole = Buffer.concat([a, b]);
      expect(crc32c(b, crc32c(a))).toBe(slow(whole));
      expect(crc32c(whole, crc32c(whole, 0, 0, a.length), a.length)).toBe(slow(whole));
    }),
  );
});
