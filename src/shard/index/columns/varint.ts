/** Of numbers below 2^35. */
export const MAX_VARINT_BYTES = 5;

/** A whole number in groups of seven bits, the lowest first; the high bit says that more follow. */
export function varint(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at };
    factor *= 128;
  }
}

/** Writes `value` at `at`, and returns where it ends. */
export function putVarint(bytes: Record<number, number>, at: number, value: number): number {
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}
