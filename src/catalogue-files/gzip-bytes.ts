import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const CHUNK_BYTES = 256 * 1024;
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);

/**
 * `raw`, unpacked where it is gzip, whatever it is called. Reads on only as fast as is taken, and ends `raw` when it is ended.
 * What unpacking fails with is thrown as `failure` says.
 */
export async function unpackedIfGzip(
  raw: AsyncGenerator<Uint8Array>,
  failure: (error: unknown) => Error,
): Promise<AsyncGenerator<Uint8Array>> {
  const magic = await peek(raw, (head) => head.length >= GZIP_MAGIC.length);
  const packed = prepended(magic, raw);
  const isGzip = magic.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
  return isGzip ? gunzipped(packed, failure) : packed;
}

async function* gunzipped(
  packed: AsyncGenerator<Uint8Array>,
  failure: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The callback is asked for, but an error also ends the loop below, and is reported there.
  const unpacked = pipeline(Readable.from(packed), gunzip, () => undefined);
  try {
    for await (const chunk of unpacked as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw failure(error);
  }
}

/** Takes chunks until they are enough, or there are no more. */
export async function peek(
  chunks: AsyncGenerator<Uint8Array>,
  isEnough: (head: Buffer) => boolean,
): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (!isEnough(head)) {
    const read = await chunks.next();
    if (read.done === true) break;
    head = Buffer.concat([head, read.value]);
  }
  return head;
}

/** What was taken to look at, and what follows. */
export async function* prepended(
  head: Buffer,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
