import { randomFillSync } from 'node:crypto';

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
/** Filled at once: a call for each id costs more than the id. */
const pool = Buffer.alloc(4_096);
let at = pool.length;

/** 32 hexadecimal digits. */
export function newTraceId(): string {
  return take(TRACE_BYTES);
}

/** 16 hexadecimal digits. */
export function newSpanId(): string {
  return take(SPAN_BYTES);
}

function take(bytes: number): string {
  if (at + bytes > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const id = pool.toString('hex', at, at + bytes);
  at += bytes;
  return id;
}
