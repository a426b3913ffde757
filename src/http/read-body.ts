import type { Readable } from 'node:stream';
import type { ByteLease } from '../core/byte-budget.js';
import { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import type { HttpLimits } from './limits.js';

/**
 * What of a body that is too large is still read and dropped before it is answered, and for how long:
 * many clients hear of an answer only once they have sent everything.
 */
const MAX_DRAINED_BYTES = 256 * 1024 * 1024;
const DRAIN_MS = 5_000;

type BodyPace = Pick<HttpLimits, 'bodyMinBytesPerS' | 'bodyWindowMs'>;

/**
 * The chunks of a request body. Its sender is waited for only while it keeps to the least rate, which
 * is measured over the time spent waiting: a reader that is slow itself blames nobody. Leaving early
 * does not end the connection: a reply can still be sent. Rejects `invalid_json` when the body
 * stalls, breaks off or is late.
 */
export async function* readChunks(
  body: Readable,
  { bodyMinBytesPerS, bodyWindowMs }: BodyPace,
  deadline?: Deadline,
): AsyncGenerator<Uint8Array, void, undefined> {
  const leastBytes = (bodyMinBytesPerS * bodyWindowMs) / 1_000;
  let [windowBytes, waitedMs] = [0, 0];
  for (;;) {
    const chunk = body.read() as Uint8Array | null;
    if (chunk !== null) {
      windowBytes += chunk.length;
      yield chunk;
      continue;
    }
    if (body.readableEnded) return;
    if (body.destroyed) throw brokeOff(body.errored);
    if (waitedMs >= bodyWindowMs) {
      if (windowBytes < leastBytes) throw tooSlow();
      [windowBytes, waitedMs] = [0, 0];
    }
    if (deadline?.expired === true) throw tooSlow();
    const startedMs = performance.now();
    const leftMs = Math.max(1, bodyWindowMs - waitedMs);
    await untilReadable(body, Math.min(leftMs, deadline?.remainingMs() ?? Infinity));
    waitedMs += performance.now() - startedMs;
  }
}

/** Resolves once reading may have something new to say, or after `ms`. */
function untilReadable(body: Readable, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = ['readable', 'end', 'close'] as const;
    const settle = (error?: OmniError) => {
      clearTimeout(timer);
      for (const event of events) body.off(event, proceed);
      body.off('error', fail);
      if (error === undefined) resolve();
      else reject(error);
    };
    const proceed = () => settle();
    const fail = (cause: Error) => settle(brokeOff(cause));
    const timer = setTimeout(proceed, ms);
    for (const event of events) body.on(event, proceed);
    body.on('error', fail);
  });
}

interface BodyFacts {
  /** As sent. */
  declaredBytes: number | undefined;
  lease: ByteLease;
  /** Then what is too much is not inflated to be dropped. */
  isCompressed: boolean;
}

/**
 * A whole body, its bytes taken from `lease` as they come. `limitOf` tells
 * from its first bytes how many it may have. Rejects `too_large`, `invalid_json`, `overloaded`.
 */
export async function readBody(
  body: Readable,
  limits: BodyPace & Pick<HttpLimits, 'bodyTimeoutMs'>,
  limitOf: (start: Uint8Array) => { bytes: number; what: string },
  { declaredBytes, lease, isCompressed }: BodyFacts,
): Promise<Buffer> {
  const whole = isCompressed ? undefined : wholeBody(body, declaredBytes);
  if (whole !== undefined && whole.length <= limitOf(whole).bytes) {
    lease.take(whole.length);
    return whole;
  }
  const deadline = Deadline.after(limits.bodyTimeoutMs);
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  let limit = limitOf(new Uint8Array());
  let drain: Deadline | undefined;
  for await (const chunk of readChunks(body, limits, deadline)) {
    if (bytes === 0) limit = limitOf(chunk);
    bytes += chunk.length;
    const expected = Math.max(bytes, declaredBytes ?? 0);
    if (expected > limit.bytes) {
      drain ??= Deadline.after(DRAIN_MS);
      chunks = [];
      if (isCompressed || expected > MAX_DRAINED_BYTES || drain.expired) break;
      continue;
    }
    lease.take(chunk.length);
    chunks.push(chunk);
  }
  if (drain !== undefined) {
    throw new OmniError('too_large', `${limit.what} may have at most ${limit.bytes} bytes`);
  }
  return chunks.length === 1 ? asBuffer(chunks[0]) : Buffer.concat(chunks, bytes);
}

/** Most bodies have come, whole, with their heads by the time that they are asked for: nothing is waited for. */
function wholeBody(body: Readable, declaredBytes = 0): Buffer | undefined {
  const isThere = declaredBytes > 0 && body.readableLength === declaredBytes;
  return isThere ? (body.read() as Buffer) : undefined;
}

function asBuffer(chunk: Uint8Array | undefined): Buffer {
  if (chunk === undefined) return Buffer.alloc(0);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

function brokeOff(cause: NodeJS.ErrnoException | null): OmniError {
  // zlib's own codes.
  const isGarbled = cause?.code?.startsWith('Z_') === true;
  const message = isGarbled ? 'the body is not whole gzip' : 'the body broke off';
  return new OmniError('invalid_json', message, { cause });
}

function tooSlow(): OmniError {
  return new OmniError('invalid_json', 'the body came too slowly');
}
