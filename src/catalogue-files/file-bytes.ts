import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { OmniError } from '../core/errors.js';
import { withoutMark } from '../core/json-slices.js';
import { peek, prepended, unpackedIfGzip } from './gzip-bytes.js';

const CHUNK_BYTES = 256 * 1024;
/** As far as the first line is looked for. */
const HEAD_BYTES = 64 * 1024;

export interface ByteSource {
  /** `-` is standard input. */
  path: string;
  stdin: Readable;
  /** Told how many bytes of the file, still compressed, have been read. */
  onBytes: (bytes: number) => void;
}

/** Bytes with a look ahead at their first line. */
export interface PeekedBytes {
  /** At least the first line, or 64 KiB of it or of markup; without a byte-order mark. */
  head: Buffer;
  /** All of them, the head again included. */
  chunks: AsyncGenerator<Uint8Array>;
  /** Closes the file, whether or not `chunks` was ever begun. */
  close: () => Promise<unknown>;
}

/**
 * A file's bytes, unpacked where they are gzip, whatever the name. Reads on only as fast as they
 * are taken. Throws `not_found`, or `unavailable` for what cannot be read or unpacked.
 */
export function openFileBytes(source: ByteSource): Promise<PeekedBytes> {
  return unpackBytes(source.path, rawBytes(source));
}

/** The bytes of something called `name`, unpacked where they are gzip; throws as `raw` does, and where that is not whole. */
export async function unpackBytes(
  name: string,
  raw: AsyncGenerator<Uint8Array>,
): Promise<PeekedBytes> {
  const unpacked = await unpackedIfGzip(raw, (error) => unreadable(name, error));
  const first = await peek(unpacked, (head) => head.length >= HEAD_BYTES || hasLine(head));
  const head = withoutMark(first);
  return {
    head,
    chunks: prepended(head, unpacked),
    close: () => unpacked.return(undefined),
  };
}

async function* rawBytes({ path, stdin, onBytes }: ByteSource): AsyncGenerator<Uint8Array> {
  const stream = path === '-' ? stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      onBytes(bytes);
      yield chunk;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Whether a line that is not blank has ended, after a byte-order mark too; of markup a line tells too little. */
function hasLine(head: Buffer): boolean {
  const text = head.toString('utf8').trimStart();
  return text.includes('\n') && !text.startsWith('<');
}

function unreadable(path: string, error: unknown): OmniError {
  if (error instanceof OmniError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new OmniError('not_found', `${path}: there is no such file`);
  return new OmniError('unavailable', `${path} cannot be read: ${message}`, { cause: error });
}
