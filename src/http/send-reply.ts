import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ByteLease } from '../core/byte-budget.js';
import { Slices } from '../core/slices.js';
import { SMALL_BYTES } from './limits.js';

/** What goes to the socket at once: each tells that the one before has left. */
const CHUNK_BYTES = 64 * 1024;

/** From so many bytes on a piece is sent as it is, not copied among others. */
const LARGE_BYTES = 4 * 1024;

/** JSON that comes in pieces, as bytes: other work is let in between. */
export async function toChunks(pieces: Iterable<string | Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let text = '';
  const slices = new Slices();
  for (const piece of pieces) {
    const isLarge = typeof piece !== 'string' && piece.length >= LARGE_BYTES;
    if (!isLarge) text += piece.toString();
    if (!isLarge && text.length < CHUNK_BYTES) continue;
    if (text !== '') chunks.push(Buffer.from(text));
    if (isLarge) chunks.push(piece);
    text = '';
    if (slices.isOver) await slices.next();
  }
  chunks.push(Buffer.from(text));
  return chunks;
}

/** Sends JSON that is written out already. `lease` has room for all of it, and gives that back as it leaves. */
export function sendChunks(
  { exchange }: FastifyRequest,
  reply: FastifyReply,
  chunks: readonly Buffer[],
  lease: ByteLease,
): FastifyReply {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  exchange.progress();
  reply.header('content-type', 'application/json; charset=utf-8');
  if (bytes <= SMALL_BYTES) return reply.send(Buffer.concat(chunks, bytes));
  reply.header('content-length', String(bytes));
  return reply.send(Readable.from(taken(chunks, lease, () => exchange.progress())));
}

/** Cut to what the socket takes at once; what has left gives its bytes back. */
function* taken(
  chunks: readonly Buffer[],
  lease: ByteLease,
  onTaken: () => void,
): Generator<Buffer> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      const part = chunk.subarray(at, at + CHUNK_BYTES);
      yield part;
      onTaken();
      lease.give(part.length);
    }
  }
}
