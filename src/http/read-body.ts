import type { Readable } from 'node:stream';
import { OmniError } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';
import { parseJson } from '../ingest/parse-json.js';
import type { InFlightGate } from './in-flight-gate.js';

const MAX_JSON_BYTES = 32 * 1024 * 1024;
/** What of a body that is too large is still read, so that its sender gets to hear of it. */
const MAX_DRAINED_BYTES = 8 * MAX_JSON_BYTES;

/**
 * The chunks of a request body, each awaited at most `idleTimeoutMs`. Leaving early does not end the
 * connection: a reply can still be sent. Rejects `invalid_json` when the body stalls or breaks off.
 */
export async function* readChunks(
  body: Readable,
  idleTimeoutMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const chunk = body.read() as Uint8Array | null;
    if (chunk !== null) yield chunk;
    else if (body.readableEnded) return;
    else if (body.destroyed) throw new OmniError('invalid_json', 'the body broke off');
    else await untilReadable(body, idleTimeoutMs);
  }
}

/** Resolves once reading may have something new to say. */
function untilReadable(body: Readable, idleTimeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = ['readable', 'end', 'close'] as const;
    const timer = setTimeout(() => {
      const message = `the body sent nothing for ${idleTimeoutMs} ms`;
      settle(new OmniError('invalid_json', message));
    }, idleTimeoutMs);
    const proceed = () => settle();
    const fail = (cause: Error) => {
      settle(new OmniError('invalid_json', 'the body broke off', { cause }));
    };
    const settle = (error?: OmniError) => {
      clearTimeout(timer);
      for (const event of events) body.off(event, proceed);
      body.off('error', fail);
      if (error === undefined) resolve();
      else reject(error);
    };
    for (const event of events) body.on(event, proceed);
    body.on('error', fail);
  });
}

/**
 * A whole JSON body, at most `MAX_JSON_BYTES`; undefined when it is empty. `memory` bounds the bytes
 * of all bodies that are being read. Rejects `too_large`, `invalid_json`, `overloaded`.
 */
export async function readJson(
  body: Readable,
  idleTimeoutMs: number,
  memory: InFlightGate,
): Promise<JsonValue | undefined> {
  const releases: (() => void)[] = [];
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of readChunks(body, idleTimeoutMs)) {
      bytes += chunk.length;
      if (bytes <= MAX_JSON_BYTES) {
        releases.push(memory.enter(chunk.length));
        chunks.push(chunk);
      } else chunks = [];
      if (bytes > MAX_DRAINED_BYTES) break;
    }
    if (bytes > MAX_JSON_BYTES) {
      throw new OmniError('too_large', `a JSON body may have at most ${MAX_JSON_BYTES} bytes`);
    }
    return bytes === 0 ? undefined : parseJson(Buffer.concat(chunks, bytes));
  } finally {
    for (const release of releases) release();
  }
}
