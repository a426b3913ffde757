import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';

/** What is compressed in one turn: about half a millisecond. Above it threads do it. */
const IN_TURN_BYTES = 16 * 1024;

/** Replies of `minBytes` and more are compressed for who takes that; pieces of a long one as they leave. */
export async function addCompression(app: FastifyInstance, minBytes: number): Promise<void> {
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    threshold: minBytes,
    syncThreshold: IN_TURN_BYTES,
    globalDecompression: false,
    // Replies differ all the time: much effort or memory for each would not pay.
    brotliOptions: {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: 4,
        [constants.BROTLI_PARAM_LGWIN]: 18,
      },
    },
    zlibOptions: { level: 5 },
  });
}
